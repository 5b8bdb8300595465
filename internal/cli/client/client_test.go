package client

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestTransferProgress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   mlflow.Transfer
		want output.Progress
	}{
		{mlflow.Transfer{Path: "f", Bytes: 1, TotalBytes: 4, TotalFiles: 1}, output.Progress{Action: "downloading", Item: "f", Done: 1, Total: 4}},
		{
			mlflow.Transfer{Upload: true, Path: "a/b", Bytes: 1, TotalBytes: 4, Files: 1, TotalFiles: 2},
			output.Progress{Action: "uploading", Item: "a/b, 1 of 2 files", Done: 1, Total: 4},
		},
	} {
		if got := transferProgress(c.at); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestDoneRemovesBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c := &command{bar: output.NewByteBar(&out, true)}
		c.bar.Update(output.Progress{Action: "uploading", Done: 1, Total: 4})
		time.Sleep(time.Second)
		c.bar.Update(output.Progress{Action: "uploading", Done: 2, Total: 4})
		cmd := &cobra.Command{}
		cmd.SetOut(&out)
		if err := c.done(cmd, "Done."); err != nil || !strings.HasSuffix(out.String(), "uploading \x1b[0K\x1b[2K\rDone.\n") {
			t.Errorf("%v, %q", err, &out)
		}
	})
}
