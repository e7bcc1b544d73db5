package show

// Feed is what one person gets of another: a place among what they see, with or
// without picture and sound.
type Feed struct {
	From    ParticipantID
	Picture bool // false while From's camera is off
	Sound   bool // false while From is muted, or not on air
}
