package show

// UserID names an account.
type UserID string

// Principal is who asks: nobody in particular, an account, a participant who came
// by an invite, or the operator of the machine.
type Principal struct {
	Kind        PrincipalKind
	Name        string
	User        UserID        // of an account
	Role        Role          // of an account: admin, creator or moderator; of a participant: host or guest
	Session     SessionID     // of a participant
	Participant ParticipantID // of a participant
}

// PrincipalKind tells principals apart.
type PrincipalKind string

// The kinds.
const (
	Anonymous       PrincipalKind = ""
	Account         PrincipalKind = "account"
	Invitee         PrincipalKind = "participant"
	MachineOperator PrincipalKind = "operator"
)
