# Everybody may watch.
#
# regie_authorise is called for every request, before anything is looked up in the
# cache. It refuses with return (synth(403, "Reason")). What it checks never
# reaches the cache's key or the origin's log: the query, Cookie and Authorization
# of playlists and media are taken off afterwards.
vcl 4.1;

sub regie_authorise {
}
