package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// zoneOf is an event's clock; UTC if its zone is not known here.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// clock is the time of day as posters write it, in both languages.
func clock(t time.Time, zone *time.Location) string { return t.In(zone).Format("15:04") }

// zoneName says whose clocks those are: "Europe/Paris, UTC+1".
func zoneName(name string, at time.Time) string {
	_, seconds := at.Zone()
	offset := "UTC"
	if seconds != 0 {
		offset += fmt.Sprintf("%+d", seconds/3600)
		if minutes := seconds % 3600 / 60; minutes != 0 {
			offset += fmt.Sprintf(":%02d", max(minutes, -minutes))
		}
	}
	if name == "" || name == "UTC" {
		return offset
	}
	return strings.ReplaceAll(name, "_", " ") + ", " + offset
}

// word is the nth of a message that is a list.
func (c *catalogue) word(key string, n int) string {
	words := strings.Split(c.text(key), ",")
	return words[n%len(words)]
}

// dayNumber is the day of the month; French begins it with 1er.
func (c *catalogue) dayNumber(day int) string {
	if day == 1 && c.lang == french {
		return "1er"
	}
	return strconv.Itoa(day)
}

// day is "Friday 27 November". The date is read from t as it is.
func (c *catalogue) day(t time.Time) string {
	return c.word("live.weekdays", int(t.Weekday())) + " " + c.date(t)
}

func (c *catalogue) date(t time.Time) string {
	return c.dayNumber(t.Day()) + " " + c.word("live.months", int(t.Month())-1)
}

// shortDay is "Fri 27".
func (c *catalogue) shortDay(t time.Time) string {
	return c.word("live.shortWeekdays", int(t.Weekday())) + " " + c.dayNumber(t.Day())
}

// days is "27–29 November 2026", with what the two share said once.
func (c *catalogue) days(first, last time.Time) string {
	end := c.date(last) + " " + strconv.Itoa(last.Year())
	switch {
	case first.Equal(last):
		return end
	case first.Year() != last.Year():
		return c.date(first) + " " + strconv.Itoa(first.Year()) + " – " + end
	case first.Month() != last.Month():
		return c.date(first) + " – " + end
	}
	return c.dayNumber(first.Day()) + "–" + end
}
