package slate

// Font is a font file beside those compiled in. Nothing is read of it before it is
// needed, so its data may be a mapping of the file.
type Font struct {
	Name string // of the file, which tells the style: NotoSansHebrew-Bold.ttf
	Data []byte
}

// Pen writes, with the built-in fonts and with others for the letters that those
// lack. It belongs to one goroutine.
type Pen struct {
	lib library
}

// NewPen makes a pen. missing, if any, is called for every script that no font has
// the letters of, once, with its name in Unicode ("Devanagari").
func NewPen(fonts []Font, missing func(script string)) *Pen {
	return &Pen{newLibrary(fonts, missing)}
}
