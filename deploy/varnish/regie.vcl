# Varnish 7 in front of Regie: what many viewers ask for is asked for once.
#
#   sudo install -m 644 deploy/varnish/*.vcl /etc/varnish/
#   sudo install -Dm 644 deploy/varnish/varnish.service.d/regie.conf -t /etc/systemd/system/varnish.service.d
#   sudo systemctl daemon-reload && sudo systemctl restart varnish
#
# Only playlists and media are stored. All else (pages, API, beacons, WHIP, WHEP,
# WebSocket) goes through as it comes. ../CDN.md says why each rule is here.
vcl 4.1;

import std;

# Who may watch: everybody. For signed links include authorise-signed.vcl, or
# write a file of your own that defines regie_authorise.
include "./authorise.vcl";

backend regie {
	.host = "127.0.0.1";
	.port = "8080";
	# A blocked reload is answered after three target durations at the latest;
	# Regie's target duration is hls.segment, at most 10 s.
	.first_byte_timeout = 35s;
	.between_bytes_timeout = 10s;
	.max_connections = 2000;
	# No probe: with one origin it could only turn a slow answer into none.
}

sub vcl_recv {
	# One spelling for each address: the origin decodes and cleans paths, and what
	# it takes for /live/ must not look like something else here.
	if (req.url !~ "^/" || req.url ~ "^[^?]*(%|//|/\.\.?(/|\?|$))") {
		return (synth(400, "Bad Request"));
	}
	# Regie believes the last address here. If that is a TLS terminator on this
	# machine, the viewer's is the one before.
	set req.http.X-Forwarded-For = regsub(req.http.X-Forwarded-For, ", *(127\.[0-9.]+|::1)$", "");
	call regie_authorise;

	if (req.http.Upgrade) {
		return (pipe);
	}
	if (req.url !~ "^/live/[^/?]+/[^?]+\.(m3u8|m4s|mp4)(\?|$)") {
		return (pass);
	}
	if (req.method == "OPTIONS") {
		# Browsers ask before each new address that they send a token to.
		return (synth(204));
	}
	if (req.method != "GET" && req.method != "HEAD") {
		return (pass);
	}

	# The key is host, path and delivery directives, and the origin sees no more
	# than the key: otherwise a request that it refuses for something else in its
	# query could be stored as the answer to a good one.
	unset req.http.Query;
	if (req.url ~ "^[^?]*\.m3u8") {
		unset req.http.Range;
		if (req.url ~ "[?&]_HLS_msn=") {
			set req.http.Query = req.http.Query + "&" + regsub(req.url, "^.*?[?&](_HLS_msn=[^&]*).*$", "\1");
		}
		if (req.url ~ "[?&]_HLS_part=") {
			set req.http.Query = req.http.Query + "&" + regsub(req.url, "^.*?[?&](_HLS_part=[^&]*).*$", "\1");
		}
		if (req.url ~ "[?&]_HLS_skip=") {
			set req.http.Query = req.http.Query + "&" + regsub(req.url, "^.*?[?&](_HLS_skip=[^&]*).*$", "\1");
		}
	}
	set req.url = regsub(req.url, "\?.*$", "") + regsub(req.http.Query, "^&", "?");
	set req.http.Host = regsub(std.tolower(req.http.Host), ":[0-9]+$", "");
	unset req.http.Query;
	unset req.http.Cookie;
	unset req.http.Authorization;
	return (hash);
}

sub vcl_pipe {
	set bereq.http.Upgrade = req.http.Upgrade;
	set bereq.http.Connection = req.http.Connection;
}

sub vcl_backend_response {
	if (bereq.uncacheable) {
		return (deliver);
	}
	# Nothing is ever served after its time, not even while it is fetched anew.
	set beresp.grace = 0s;
	set beresp.keep = 0s;
	unset beresp.http.Set-Cookie;
	if (beresp.status >= 500) {
		# One answer for all who waited for it, and for nobody who comes later.
		# (With a time of zero they would be sent on one after the other; as
		# uncacheable, all at once, each to wait as long again.)
		set beresp.ttl = 100ms;
	} elsif (beresp.status >= 400) {
		set beresp.ttl = 1s;
	} elsif (beresp.status != 200 || beresp.http.Cache-Control !~ "max-age") {
		set beresp.ttl = 1s;
		set beresp.uncacheable = true;
	} elsif (bereq.url ~ "\.m3u8") {
		# The viewers of one part ask within a second. Whoever comes later is
		# better served with what there is then; and a session that begins anew
		# numbers its segments from 1 again.
		if (beresp.ttl > 2s) {
			set beresp.ttl = 2s;
		}
	} elsif (bereq.url ~ "/[0-9]+\.[0-9]+\.m4s$" && beresp.ttl > 1m) {
		# Parts are played once: leave the room to segments, which are rewound to.
		set beresp.ttl = 1m;
	}
	return (deliver);
}

# The origin cannot be reached: as with its own 5xx.
sub vcl_backend_error {
	set beresp.ttl = 100ms;
	set beresp.grace = 0s;
	set beresp.http.Content-Type = "application/problem+json";
	set beresp.http.Cache-Control = "no-store";
	set beresp.http.Access-Control-Allow-Origin = "*";
	set beresp.http.Retry-After = "1";
	synthetic("""{"type":"about:blank","title":"The origin does not answer","status":503,"detail":"Ask again in a second."}""");
	return (deliver);
}

sub vcl_synth {
	set resp.http.Access-Control-Allow-Origin = "*";
	if (resp.status == 204) {
		set resp.http.Access-Control-Allow-Methods = "GET, HEAD, OPTIONS";
		set resp.http.Access-Control-Allow-Headers = "*, Authorization";
		set resp.http.Access-Control-Max-Age = "86400";
		return (deliver);
	}
	set resp.http.Content-Type = "application/problem+json";
	set resp.http.Cache-Control = "no-store";
	synthetic({"{"type":"about:blank","title":""} + resp.reason + {"","status":"} + resp.status + "}");
	return (deliver);
}

sub vcl_deliver {
	if (obj.hits > 0) {
		set resp.http.X-Cache = "HIT";
	} else {
		set resp.http.X-Cache = "MISS";
	}
}
