package outside

import (
	"net"
	"net/netip"
	"slices"
)

// special are the parts of the internet's address space that are not of the public
// internet (IANA's special-purpose registries, RFC 6890 and its successors), and one
// address in public space that answers inside of a cloud only.
var special = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // shared, behind a carrier's NAT; Alibaba's metadata
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure's host agent
	"169.254.0.0/16",   // link-local; most clouds' metadata
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; Oracle's metadata
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/3",      // multicast, reserved, broadcast
	"2001::/23",        // protocol assignments, Teredo
	"2001:db8::/32",    // documentation
	"2002::/16",        // 6to4: an IPv4 address within
	"3fff::/20",        // documentation
)

// private are the parts that homes, offices and venues use within, without those
// where clouds keep what they tell their machines (AWS, Google).
var (
	private      = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
	cloudPrivate = prefixes("fd00:ec2::/32", "fd20:ce::/32")
)

// globalIPv6 is all of IPv6 that is given out. What lies beside it is loopback,
// mapped and translated IPv4, unique local (AWS's metadata), link-local, multicast.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, p := range list {
		all[i] = netip.MustParsePrefix(p)
	}
	return all
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// refuse is nil for an address of the public internet that is not our own, and for
// one of a private network where those may be reached.
func refuse(host string, a netip.Addr, lan bool) error {
	a = a.Unmap().WithZone("")
	inside := a.Is6() && !globalIPv6.Contains(a) || within(special, a)
	switch {
	case !inside || lan && within(private, a) && !within(cloudPrivate, a):
	case lan:
		return &RefusedError{host, "is neither on the public internet nor in a private network"}
	default:
		return &RefusedError{host, "is not on the public internet"}
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, o := range own {
		if n, ok := o.(*net.IPNet); ok && n.IP.Equal(a.AsSlice()) {
			return &RefusedError{host, "is this machine"}
		}
	}
	return nil
}
