package sysmetrics

import "github.com/shirou/gopsutil/v4/net"

// traffic sums the bytes that the network interfaces have received and sent since the first reading of their
// counters. A counter that decreases was reset, for example because its interface was recreated, or it overflowed. It
// then counts from zero.
type traffic struct {
	last           map[string]net.IOCountersStat // By interface; nil before the first reading.
	received, sent uint64
}

// add adds a reading of all interfaces. The first reading is the baseline; the counters of an interface that appears
// later count from zero.
func (t *traffic) add(now []net.IOCountersStat) {
	first := t.last == nil
	if first {
		t.last = make(map[string]net.IOCountersStat, len(now))
	}
	for _, counters := range now {
		before := t.last[counters.Name]
		t.last[counters.Name] = counters
		if !first {
			t.received += increase(before.BytesRecv, counters.BytesRecv)
			t.sent += increase(before.BytesSent, counters.BytesSent)
		}
	}
}

func increase(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}
