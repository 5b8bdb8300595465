package sysmetrics

import "github.com/shirou/gopsutil/v4/net"

// traffic adds up what the network interfaces have moved since the first reading
// of their counters. A counter that is less than before was reset, say because
// its interface was made anew, or has come to its end: it counts from zero then.
type traffic struct {
	last           map[string]net.IOCountersStat // By interface, nil before the first reading.
	received, sent uint64
}

// add takes a reading of all interfaces. What the first one tells is the start;
// an interface that comes later starts at zero.
func (t *traffic) add(now []net.IOCountersStat) {
	first := t.last == nil
	if first {
		t.last = make(map[string]net.IOCountersStat, len(now))
	}
	for _, counters := range now {
		before := t.last[counters.Name]
		t.last[counters.Name] = counters
		if !first {
			t.received += gained(before.BytesRecv, counters.BytesRecv)
			t.sent += gained(before.BytesSent, counters.BytesSent)
		}
	}
}

func gained(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}
