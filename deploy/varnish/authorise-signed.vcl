# Only who has a signed link may watch. Needs Debian's varnish-vmod-digest.
#
#   openssl rand -hex 32 | sudo install -m 640 -g varnish /dev/stdin /etc/varnish/regie.secret
#   sudo sed -i 's/authorise.vcl/authorise-signed.vcl/' /etc/varnish/regie.vcl
#
# A token is good for one session until a moment in Unix time:
#
#   session=studio expires=$(( $(date +%s) + 4*3600 ))
#   signature=$(printf %s "$expires/live/$session/" | openssl dgst -sha256 -hmac "$(sudo cat /etc/varnish/regie.secret)" -r | cut -d' ' -f1)
#   token=$expires.$signature
#
# It stands in the path, where every player keeps it while it follows the relative
# addresses of playlists:     https://HOST/signed/TOKEN/live/studio/index.m3u8
# or in a header, for WHEP and for players that set some: Authorization: Bearer TOKEN
#
# Its limits: it is checked at each request, so that whoever watches stops at its
# end, but it cannot be taken back before, nor tied to one viewer: who passes the
# link on passes on the right to watch. A changed secret needs a restart of Varnish.
# Regie's own pages know no tokens: this is for pages of your own. And it guards
# nothing if the origin can be reached past Varnish.
vcl 4.1;

import std;
import digest;

sub regie_authorise {
	unset req.http.Token;
	if (req.url ~ "^/signed/[^/?]+/live/") {
		set req.http.Token = regsub(req.url, "^/signed/([^/]+)/.*$", "\1");
		set req.url = regsub(req.url, "^/signed/[^/]+", "");
	} elsif (req.http.Authorization ~ "^Bearer ") {
		set req.http.Token = regsub(req.http.Authorization, "^Bearer ", "");
	}
	# What is below .../whep/ is a viewer's own, at an address that nobody else knows.
	if (req.url !~ "^/live/" || req.url ~ "^/live/[^/]+/whep/." || req.method == "OPTIONS") {
		unset req.http.Token;
		return;
	}
	if (req.http.Token !~ "^[0-9]{1,12}\.[0-9a-f]{64}$") {
		return (synth(401, "A token is needed"));
	}
	if (std.time(integer = std.integer(regsub(req.http.Token, "\..*$", ""), 0)) < now) {
		return (synth(403, "The token has expired"));
	}
	if (std.fileread("/etc/varnish/regie.secret") !~ "^\S{16}") {
		return (synth(500, "There is no secret"));
	}
	if (digest.hmac_sha256(
		regsub(std.fileread("/etc/varnish/regie.secret"), "\s+$", ""),
		regsub(req.http.Token, "\..*$", "") + regsub(req.url, "^(/live/[^/?]+/).*$", "\1"))
		!= "0x" + regsub(req.http.Token, "^.*\.", "")) {
		return (synth(403, "The token is not for this session"));
	}
	unset req.http.Token;
	unset req.http.Authorization;
}
