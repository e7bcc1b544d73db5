package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/show"
)

func passkeyOf(u show.StoredUser, credential string) show.StoredPasskey {
	return show.StoredPasskey{
		Passkey: show.Passkey{ID: show.PasskeyID("p-" + credential), Name: "Phone", Site: "localhost", Created: noon, Synced: true},
		User:    u.ID, Credential: []byte(credential), PublicKey: []byte{1, 2, 3}, Flags: 0x1d, Count: 1<<32 - 2, Transports: []string{"internal", "hybrid"},
	}
}

func TestPasskeys(t *testing.T) {
	s, ctx := opened(t, t.TempDir()), t.Context()
	ana, bo := user("ana"), user("bo")
	in := show.SignIn{Hash: show.HashSecret(show.Token("ana")), User: ana.ID, Created: noon, Expires: noon.Add(time.Hour)}
	phone := passkeyOf(ana, "one")
	if err := s.AddUserWithPasskey(ctx, ana, phone, in, entry("setup")); err != nil {
		t.Fatal(err)
	}
	again := passkeyOf(bo, "one")
	again.ID = "another"
	in2 := in
	in2.Hash, in2.User = show.HashSecret(show.Token("bo")), bo.ID
	if err := s.AddUserWithPasskey(ctx, bo, again, in2, entry("setup")); err == nil {
		t.Error("two have one credential")
	}
	if _, ok, err := s.User(ctx, bo.ID); ok || err != nil {
		t.Errorf("an account without its passkey: %v, %v", ok, err)
	}
	key := passkeyOf(ana, "two")
	key.Name, key.Transports, key.Flags, key.Synced, key.Count = "Key", nil, 5, false, 0
	key.Created = noon.Add(time.Minute)
	if err := s.AddPasskey(ctx, key, entry("passkey.add")); err != nil {
		t.Fatal(err)
	}

	phone.Count, phone.LastUsed = 1<<32-1, noon.Add(time.Hour)
	in3 := in
	in3.Hash, in3.Created = show.HashSecret(show.Token("later")), noon.Add(time.Hour)
	if err := s.SignInByPasskey(ctx, phone, in3, entry("signin.passkey")); err != nil {
		t.Fatal(err)
	}
	if err := s.RenamePasskey(ctx, key.ID, "Keyring", entry("passkey.rename")); err != nil {
		t.Fatal(err)
	}
	key.Name = "Keyring"
	all, err := s.Passkeys(ctx, ana.ID)
	if diff := cmp.Diff([]show.StoredPasskey{phone, key}, all); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if got, ok, err := s.PasskeyOf(ctx, []byte("two")); !ok || err != nil || cmp.Diff(key, got) != "" {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	if u, _, _ := s.User(ctx, ana.ID); !u.LastSeen.Equal(noon.Add(time.Hour)) {
		t.Errorf("seen %v", u.LastSeen)
	}

	if err := s.RemovePasskey(ctx, phone, in3.Hash, entry("passkey.remove")); err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[show.SecretHash]bool{in.Hash: false, in3.Hash: true} {
		if _, ok, err := s.SignInOf(ctx, hash); ok != want || err != nil {
			t.Errorf("a sign-in is there: %v, want %v (%v)", ok, want, err)
		}
	}
	if err := s.RemoveUser(ctx, ana.ID, entry("user.remove")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.PasskeyOf(ctx, []byte("two")); ok || err != nil {
		t.Errorf("a passkey of nobody: %v, %v", ok, err)
	}
}
