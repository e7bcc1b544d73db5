package worker

import (
	"time"

	"github.com/regie-live/regie/transcode/fonts"
	"github.com/regie-live/regie/transcode/slate"
)

// findingFonts bounds how long a worker looks for fonts before it starts: some
// milliseconds do on a local disk.
const findingFonts = 500 * time.Millisecond

func findFonts() []slate.Font {
	var list []slate.Font
	for _, f := range fonts.Find(fonts.Folders(), findingFonts) {
		list = append(list, slate.Font(f))
	}
	return list
}

// lacksFont says that names in a script are left out of the picture, and what helps.
func (e *engine) lacksFont(script string) {
	e.log.Warn("no font on this machine has the letters of a script: they are left out of the picture; install the package and start the session again",
		"script", script, "package", packageFor(script))
}

// packageFor is a Debian package with the letters of a script.
func packageFor(script string) string {
	switch script {
	case "Han", "Hiragana", "Katakana", "Hangul", "Bopomofo":
		return "fonts-wqy-microhei"
	}
	return "fonts-noto-core"
}
