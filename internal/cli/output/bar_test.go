package output

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// wantOutput checks what was printed since the last call.
func wantOutput(t *testing.T, out *bytes.Buffer, want string) {
	t.Helper()
	if out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
	out.Reset()
}

func TestRowBarPrintsLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewRowBar(&out, false)
		at := Progress{Action: "copying", Item: "metrics", Total: 2_000_000}
		b.Update(at)
		time.Sleep(4 * time.Second)
		at.Done = 400_000
		b.Update(at)
		wantOutput(t, &out, "") // A short operation prints nothing.
		time.Sleep(time.Second)
		at.Done = 500_000
		b.Update(at)
		wantOutput(t, &out, "25%  (500000/2000000, 100000 rows/s) [5s:15s] copying metrics\n")
		time.Sleep(time.Second)
		b.Update(at)
		wantOutput(t, &out, "") // The next line follows after the interval.
		time.Sleep(5 * time.Second)
		at = Progress{Action: "comparing", Item: "runs", Total: 2_000_000}
		b.Update(at)
		wantOutput(t, &out, "") // A new action starts a new interval.
		time.Sleep(5 * time.Second)
		at.Done = 1_000_000
		b.Update(at)
		wantOutput(t, &out, "50%  (1000000/2000000, 200000 rows/s) [5s:5s] comparing runs\n")
		b.Close()
		wantOutput(t, &out, "")
	})
}

func TestRowBarOnTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewRowBar(&out, true)
		at := Progress{Action: "copying", Item: "metrics", Total: 4}
		b.Update(at)
		wantOutput(t, &out, "") // A short operation shows nothing.
		time.Sleep(time.Second)
		at.Done = 2
		b.Update(at)
		const bar = "  50% |████████████            | (2/4, 2 rows/s) [1s:1s] copying metrics\x1b[0K"
		if got := out.String(); !strings.HasSuffix(got, "\r"+bar) {
			t.Errorf("%q, want %q", got, bar)
		}
		out.Reset()
		time.Sleep(time.Millisecond)
		at.Done = 3
		b.Update(at)
		wantOutput(t, &out, "") // The bar is redrawn after the interval.
		time.Sleep(time.Second)
		at = Progress{Action: "comparing", Item: "runs", Done: 1, Total: 4}
		b.Update(at)
		wantOutput(t, &out, "\x1b[2K\r") // A new action starts a new interval.
		time.Sleep(time.Second)
		b.Update(at)
		if got := out.String(); !strings.Contains(got, " 25% ") || !strings.Contains(got, "comparing runs") {
			t.Errorf("%q", got)
		}
	})
}

func TestByteBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, terminal := range []bool{true, false} {
			var out bytes.Buffer
			b := NewByteBar(&out, terminal)
			at := Progress{Action: "uploading", Item: "a\x1b/b.bin, 1 of 2 files", Total: 20_000_000}
			b.Update(at)
			time.Sleep(2 * time.Second)
			at.Done = 5_000_000
			b.Update(at)
			if !terminal {
				b.Close()
				wantOutput(t, &out, "")
				continue
			}
			const bar = "  25% |██████                  | (5.0/20 MB, 2.5 MB/s) [2s:6s] uploading a\uFFFD/b.bin, 1 of 2 files\x1b[0K"
			if got := out.String(); !strings.HasSuffix(got, "\r"+bar) {
				t.Errorf("%q, want %q", got, bar)
			}
			out.Reset()
			b.Close()
			wantOutput(t, &out, "\x1b[2K\r")
			b.Close()
			wantOutput(t, &out, "") // The bar is removed only once.
		}
	})
}
