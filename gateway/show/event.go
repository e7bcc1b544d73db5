package show

import "time"

// Event is the whole happening: what it is called, and on which days it is.
type Event struct {
	Name        string `json:"name"` // empty: nobody has set one up
	Description string `json:"description"`
	TimeZone    string `json:"time_zone"` // an IANA name, such as Europe/Paris
	Days        []Day  `json:"days" nullable:"false"`
}

// Day is one day of an event, on the clocks of its time zone.
type Day struct {
	Date  string `json:"date"` // 2026-11-27
	Title string `json:"title"`
}

// CreatorID names a creator in addresses and files: [a-z0-9-]{1,64}.
type CreatorID string

// Profile is a creator as the audience sees them. (Creator is a role.)
type Profile struct {
	ID      CreatorID `json:"id"`
	Name    string    `json:"name"`
	Bio     string    `json:"bio"`      // Markdown
	BioHTML string    `json:"bio_html"` // of it, safe to insert
	Links   []Link    `json:"links" nullable:"false"`
	Picture string    `json:"picture,omitempty"` // a path on this server
}

// Link leads away from here.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"` // http or https
}

// Slot is a session's place in the schedule. Title, Starts and Ends are the
// session's own.
type Slot struct {
	Session         SessionID   `json:"session"`
	Title           string      `json:"title"`
	Description     string      `json:"description"`      // Markdown
	DescriptionHTML string      `json:"description_html"` // of it, safe to insert
	Category        string      `json:"category"`
	Creators        []CreatorID `json:"creators" nullable:"false"`
	Starts          time.Time   `json:"starts"`
	Ends            time.Time   `json:"ends"`
	Poster          string      `json:"poster,omitempty"` // a path on this server
	Cancelled       bool        `json:"cancelled"`
	Phase           Phase       `json:"phase"`    // ended also when its time is over and it never was on air
	Sequence        int         `json:"sequence"` // how often what calendars show was changed
}

// Schedule is all that the audience knows of an event.
type Schedule struct {
	Event
	DescriptionHTML string    `json:"description_html"`
	Creators        []Profile `json:"creators" nullable:"false"` // by name
	Slots           []Slot    `json:"slots" nullable:"false"`    // by time
	Now             time.Time `json:"now"`
}

// NewProfile asks for a creator. ID is made from the name if it is empty.
type NewProfile struct {
	ID    CreatorID `json:"id,omitempty"`
	Name  string    `json:"name"`
	Bio   string    `json:"bio,omitempty"`
	Links []Link    `json:"links,omitempty"`
}

// ProfilePatch changes what is set.
type ProfilePatch struct {
	Name  *string `json:"name,omitempty"`
	Bio   *string `json:"bio,omitempty"`
	Links *[]Link `json:"links,omitempty"`
}

// SlotPatch changes what is set. A zero time takes the session out of the schedule.
type SlotPatch struct {
	Title       *string      `json:"title,omitempty"`
	Description *string      `json:"description,omitempty"`
	Category    *string      `json:"category,omitempty"`
	Creators    *[]CreatorID `json:"creators,omitempty"`
	Starts      *time.Time   `json:"starts,omitempty"`
	Ends        *time.Time   `json:"ends,omitempty"`
	Cancelled   *bool        `json:"cancelled,omitempty"`
}

// Imported says what an import changes, or would.
type Imported struct {
	Changes  []string `json:"changes" nullable:"false"`
	Warnings []string `json:"warnings" nullable:"false"`
}

// StoredEvent is an Event with what names it in calendars.
type StoredEvent struct {
	Event
	UID string
}

// StoredProfile is a creator as the store keeps them.
type StoredProfile struct {
	ID         CreatorID
	Name       string
	Bio        string
	Links      []Link
	PictureTag string // of the picture's bytes; empty: none
}

// StoredSlot is what the schedule knows of a session beside its title and times.
// Title, Starts and Ends are those that calendars were told last, so that a change
// is seen whoever made it, and a session that is no more can be called off.
type StoredSlot struct {
	Session     SessionID
	Description string
	Category    string
	Creators    []CreatorID
	Cancelled   bool
	PosterTag   string // of the poster's bytes; empty: none

	Title        string
	Starts, Ends time.Time // zero: no calendar has it
	Removed      bool      // calendars had it, and it is not in the schedule any more
	Sequence     int
	Changed      time.Time
}
