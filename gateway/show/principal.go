package show

// UserID names an account.
type UserID string

// ViewerID names somebody in the audience, to everybody who reads what they say.
type ViewerID string

// Principal is who asks: nobody in particular, an account, a participant who came
// by an invite, a viewer who took a nickname, or the operator of the machine.
type Principal struct {
	Kind        PrincipalKind
	Name        string
	User        UserID        // of an account
	Role        Role          // of an account: admin, creator or moderator; of a participant: host or guest
	Session     SessionID     // of a participant
	Participant ParticipantID // of a participant
	Viewer      ViewerID      // of a visitor
}

// PrincipalKind tells principals apart.
type PrincipalKind string

// The kinds.
const (
	Anonymous       PrincipalKind = ""
	Account         PrincipalKind = "account"
	Invitee         PrincipalKind = "participant"
	Visitor         PrincipalKind = "viewer"
	MachineOperator PrincipalKind = "operator"
)

// ViewerID is who p is in the audience of any session; empty for nobody in
// particular. Dashes are in no UserID and in no ViewerID of a visitor.
func (p Principal) ViewerID() ViewerID {
	switch p.Kind {
	case Account:
		return ViewerID("account-" + string(p.User))
	case Invitee:
		return ViewerID("stage-" + string(p.Session) + "-" + string(p.Participant))
	case Visitor:
		return p.Viewer
	}
	return ""
}
