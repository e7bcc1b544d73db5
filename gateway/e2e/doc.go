// Package e2e proves the appliance from the outside: the binary that make builds
// is started on free ports, real protocols carry pictures and sounds in, and what
// comes out is decoded and looked at.
//
// It guarantees:
//   - A test knows what it sent, so it checks content: the colour of each cell,
//     the tones in the sound, the clock that is burned into the picture.
//   - Every test starts what it needs on loopback and port 0, and ends it; what
//     is left over (a process, a goroutine, a stream key in the log) fails it.
//   - Figures are logged in one form, FIGURE name value unit, so that a release
//     can be compared with the one before; only generous bounds are asserted.
//
// The pieces: an appliance is the binary (or New in process), a card is a
// synthetic creator, a screen is what decodes and remembers, and a way of viewing
// (parts, gohlslib, ffmpeg, pion, a browser) feeds a screen.
package e2e
