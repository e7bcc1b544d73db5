package auth

import "github.com/regie-live/regie/gateway/show"

// Whose is what a permission depends on beside the role: the session that is
// asked about. The zero Whose is the appliance as a whole.
type Whose struct {
	Session show.SessionID
	Owner   show.UserID // empty: nobody's, as those of the configuration file are
}

// May is the table of permissions. It is all there is: whatever it does not allow
// is forbidden.
//
//	             users  sessions  desk  stage  moderate  read
//	operator       ×       ×       ×              ×       ×
//	admin          ×       ×       ×      2       ×       ×
//	creator                1       3      3               ×
//	moderator                                     ×       ×
//	host by invite                 4      4               ×
//	guest by invite                       4               ×
//	anybody                                               ×
//
// 1: their own, and to make one. 2: their own and those that nobody owns.
// 3: their own. 4: the session of the invite.
func May(p show.Principal, perm show.Permission, w Whose) bool {
	if perm == show.MayRead {
		return true
	}
	switch p.Kind {
	case show.MachineOperator:
		return isKnown(perm) && perm != show.MayStage
	case show.Account:
		return account(p, perm, w)
	case show.Invitee:
		return p.Session != "" && p.Session == w.Session &&
			(perm == show.MayStage && (p.Role == show.Host || p.Role == show.Guest) || perm == show.MayDesk && p.Role == show.Host)
	}
	return false
}

func account(p show.Principal, perm show.Permission, w Whose) bool {
	own := w.Session != "" && w.Owner != "" && w.Owner == p.User
	switch p.Role {
	case show.Admin:
		if perm == show.MayStage {
			return own || w.Session != "" && w.Owner == ""
		}
		return isKnown(perm)
	case show.Creator:
		switch perm {
		case show.MaySessions:
			return own || w.Session == ""
		case show.MayDesk, show.MayStage:
			return own
		}
	case show.Moderator:
		return perm == show.MayModerate
	}
	return false
}

// All are the permissions there are.
func All() []show.Permission {
	return []show.Permission{show.MayUsers, show.MaySessions, show.MayDesk, show.MayStage, show.MayModerate, show.MayRead}
}

func isKnown(perm show.Permission) bool {
	for _, known := range All() {
		if perm == known {
			return true
		}
	}
	return false
}

// Anywhere are the permissions that p has on some session or on the appliance:
// what a page needs to know to show its doors.
func Anywhere(p show.Principal) []show.Permission {
	somewhere := []Whose{{}, {Session: p.Session}, {Session: "own", Owner: p.User}}
	var may []show.Permission
	for _, perm := range All() {
		for _, w := range somewhere {
			if May(p, perm, w) {
				may = append(may, perm)
				break
			}
		}
	}
	return may
}
