// Package hls packages the program as Low-Latency HLS (RFC 8216bis) and is the
// origin that viewers and caches fetch it from.
//
// It guarantees:
//   - The writer never waits for a viewer and a viewer never waits for the
//     writer: each published part replaces one immutable snapshot of all
//     renditions. The delta updates in it are already rendered, compressed and
//     given their headers; a full playlist is written when the first viewer asks
//     for it, once. Requests read the snapshot without a lock and start no
//     goroutine.
//   - All renditions are cut at the same frames by one cutter: segments, parts,
//     numbers and times are the same in each, at every moment. A frame that is
//     not there in every rung is in none, and what follows waits for a keyframe.
//     The sound alone is a rendition besides, with the same parts.
//   - All viewers that wait for a part are woken by one closed channel. A viewer
//     that leaves takes its wait with it; none waits longer than three target
//     durations, and then gets 503.
//   - A playlist never takes back what it has said. Parts and segments lie on the
//     frame grid: no part is longer than PART-TARGET, the parts of a segment add
//     up to its EXTINF to the microsecond, and no rounding error is carried from
//     one segment to the next. Missing frames lengthen their predecessor. Where a
//     whole part is missing, segments marked EXT-X-GAP fill the time, so that the
//     playlist's time stays the program's. A Stream of a program that has run for
//     longer than a segment begins at its next scheduled keyframe. Only other
//     encoder parameters, or nothing for longer than the window or five minutes,
//     make a discontinuity.
//   - A cue is on the playlists of every rendition from the next part on, a part's
//     length after Announce at most, and stays while its time is in the window; of
//     more than 200 the oldest go, and are counted. What was once said of it never
//     changes, so that players that follow by delta updates know what the whole
//     playlist says.
//   - A part holds the sound of its own time: it waits for that up to soundLag
//     after its last picture.
//   - Memory is bounded: what has left the playlist is kept for one more window,
//     at most a minute, so that a viewer can finish its download, and then dropped.
//     Sound that runs ahead of the picture is kept up to audioQueue packets; past
//     that the oldest is dropped and counted.
//   - With a Disk, what is older than a minute lies in files, one for each segment
//     and rendition, and is sent from there. Neither writer nor viewers wait for
//     the disk. When there is no room, or the disk fails or is too slow, the oldest
//     segments leave the playlists, which is counted and logged; memory holds no
//     more than a minute whatever the disk does.
//   - End turns the playlist into a finished one and answers everybody who waits;
//     Close drops the media, after which every request is answered 404. Both may
//     be called at any time and more than once.
//
// A Stream's addresses, below wherever the gateway mounts it:
//
//	index.m3u8                         the multivariant playlist
//	720p/stream.m3u8                   a rendition's media playlist; audio is the sound alone
//	720p/EPOCH/init0.mp4               initialisation, one for each set of encoder parameters
//	720p/EPOCH/12.3.m4s                part 3 of the segment with media sequence number 12
//	720p/EPOCH/12.m4s                  the whole segment
//
// EPOCH differs each time a program starts, so media may be cached for ever.
package hls
