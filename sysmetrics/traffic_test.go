package sysmetrics

import (
	"fmt"
	"math"
	"testing"

	"github.com/shirou/gopsutil/v4/net"
)

// reading has the counters of received bytes of all interfaces at one time. The test uses twice as many sent bytes.
type reading map[string]uint64

func TestTraffic(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		readings []reading
		want     uint64
	}{
		"nothing moves":          {[]reading{{"eth0": 1000}, {"eth0": 1000}}, 0},
		"bytes arrive":           {[]reading{{"eth0": 1000, "lo": 5}, {"eth0": 1500, "lo": 6}, {"eth0": 1501, "lo": 6}}, 502},
		"a counter is reset":     {[]reading{{"eth0": 18_000_000}, {"eth0": 300}, {"eth0": 400}}, 400},
		"one of two is reset":    {[]reading{{"eth0": 1000, "wlan0": 7000}, {"eth0": 1500, "wlan0": 20}}, 520},
		"a counter of 32 bits":   {[]reading{{"eth0": math.MaxUint32 - 10}, {"eth0": 100}}, 100},
		"an interface goes":      {[]reading{{"eth0": 10, "veth1": 5000}, {"eth0": 11}, {"eth0": 12}}, 2},
		"an interface comes":     {[]reading{{"eth0": 10}, {"eth0": 10, "veth1": 50}, {"eth0": 10, "veth1": 60}}, 60},
		"one is made anew":       {[]reading{{"veth1": 5000}, {}, {"veth1": 30}, {"veth1": 40}}, 40},
		"one is away for a time": {[]reading{{"eth0": 5000}, {}, {"eth0": 5001}}, 1},
		"no interface at first":  {[]reading{{}, {"eth0": 7}}, 7},
		"the largest counter":    {[]reading{{"eth0": math.MaxUint64/2 - 1}, {"eth0": math.MaxUint64 / 2}}, 1},
	} {
		var sum traffic
		for _, r := range test.readings {
			var now []net.IOCountersStat
			for interfaceName, n := range r {
				now = append(now, net.IOCountersStat{Name: interfaceName, BytesRecv: n, BytesSent: 2 * n})
			}
			before := sum.received
			if sum.add(now); sum.received < before {
				t.Errorf("%s: the sum falls from %d to %d", name, before, sum.received)
			}
		}
		if sum.received != test.want || sum.sent != 2*test.want {
			t.Errorf("%s: %d received and %d sent, want %d and twice that", name, sum.received, sum.sent, test.want)
		}
	}
}

// TestUsed checks that amounts above the total are omitted.
func TestUsed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		used, total uint64
		want        string
	}{
		{25, 100, "map[x_megabytes:2.5e-05 x_percentage:25]"}, {math.MaxUint64, 100, "map[]"}, {0, 0, "map[]"},
	} {
		out := map[string]float64{}
		if putUsed(out, "x", test.used, test.total, 25); fmt.Sprint(out) != test.want {
			t.Errorf("%d of %d: %v, want %s", test.used, test.total, out, test.want)
		}
	}
}
