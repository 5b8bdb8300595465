package cli

import (
	"fmt"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// transferBar shows how far files have moved: a bar on a terminal and nothing
// elsewhere, since a script waits for the answer alone.
type transferBar struct{ *progress }

func (b *transferBar) show(at mlflow.Transfer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.start.IsZero() {
		b.start, b.last = now, now // A transfer that is over at once shows nothing.
	}
	if !b.terminal || now.Sub(b.last) < b.every {
		return
	}
	b.last = now
	b.draw(at.Bytes, at.TotalBytes, transferLine(at, now.Sub(b.start)))
}

func transferLine(at mlflow.Transfer, took time.Duration) string {
	verb := "downloading"
	if at.Upload {
		verb = "uploading"
	}
	line := fmt.Sprintf("%s %3d%%  %s of %s", verb, 100*at.Bytes/max(1, at.TotalBytes), byteText(at.Bytes), byteText(at.TotalBytes))
	if at.TotalFiles > 1 {
		line += fmt.Sprintf(", %d of %d files", at.Files, at.TotalFiles)
	}
	if took >= time.Second && at.Bytes > 0 {
		rate := float64(at.Bytes) / took.Seconds()
		left := time.Duration(float64(at.TotalBytes-at.Bytes) / rate * float64(time.Second))
		line += fmt.Sprintf("  %s a second, %s left", byteText(int64(rate)), left.Round(time.Second))
	}
	return line + "  " + printable(at.Path)
}

// byteText writes a size with three digits.
func byteText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1000, 0
	for ; size >= 999.5; size /= 1000 {
		unit++
	}
	return fmt.Sprintf("%.*f %cB", digitsAfter(size), size, "kMGTPE"[unit])
}

func digitsAfter(size float64) int {
	if size < 99.95 {
		return 1
	}
	return 0
}
