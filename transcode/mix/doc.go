// Package mix sums the sound of several sources into one program, in stereo at
// 48 kHz, in blocks of 10 ms. It is pure: program time comes in as an argument.
//
// It guarantees:
//   - An Input plays every sample at the program time it was written for plus
//     one delay, which only creeps. Where the publisher's clock drifts from ours
//     the difference is taken out by resampling by at most 0.5 %.
//   - The delay is 40 ms, more while packets come later than that (up to
//     maxDelay) or while the picture is later still.
//   - Nothing clicks: sources begin and end in 5 ms, gains change over 20 ms.
//   - The Limiter's output never exceeds its ceiling, and is the input itself,
//     bit for bit, while that stays below.
//   - Memory is bounded: an Input holds 1.3 s and lets go of the oldest.
//
// An Input may be written and read by two goroutines. The rest belongs to one.
package mix

import "time"

// Rate is the only sample rate, in Hz.
const Rate = 48000

// Block is the length of a block in sample pairs: 10 ms.
const Block = Rate / 100

// Samples is d as a number of samples.
func Samples(d time.Duration) float64 { return float64(d) * Rate / float64(time.Second) }

// Duration is a number of samples as time.
func Duration(samples float64) time.Duration {
	return time.Duration(samples * float64(time.Second) / Rate)
}
