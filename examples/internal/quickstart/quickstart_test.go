package quickstart

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/local"
)

// TestRun trains on drawn images with a higher learning rate than the page's. It compares the output with the lines of
// the page, and checks that the classes can be learned, but not perfectly.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	server, err := local.Start(ctx, local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	o := Default(&out)
	o.Synthetic()
	o.Epochs, o.LearningRate, o.BatchSize = 2, 0.05, 50
	result, err := Run(ctx, server.Client(), idx.Synthetic(6000, 1000), o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Accuracy < 0.6 || result.Accuracy > 0.97 {
		t.Errorf("the accuracy is %.3f", result.Accuracy)
	}
	if len(result.Outputs) != classes {
		t.Errorf("outputs %v", result.Outputs)
	}
	for _, lines := range []string{
		"Image size: [1, 28, 28]\nSize of training dataset: 6000\nSize of test dataset: 1000\n",
		"\nEpoch 1\n-------------------------------\nloss: N.NNNNNN accuracy: N.NNNNNN [0 / 120]\n" +
			"loss: N.NNNNNN accuracy: N.NNNNNN [100 / 120]\nEval metrics: \nAccuracy: N.NN, Avg loss: N.NNNNNN \n\n" +
			"Epoch 2\n-------------------------------\nloss: N.NNNNNN accuracy: N.NNNNNN [0 / 120]\n" +
			"loss: N.NNNNNN accuracy: N.NNNNNN [100 / 120]\nEval metrics: \nAccuracy: N.NN, Avg loss: N.NNNNNN \n\n",
	} {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(lines), "N", `\d`)
		if !regexp.MustCompile(pattern).Match(out.Bytes()) {
			t.Errorf("the output lacks\n%s\nin\n%s", lines, &out)
		}
	}
	summary, err := server.Client().LoadText(ctx, result.RunID, "model_summary.txt")
	if err != nil || !strings.Contains(out.String(), summary) || !strings.Contains(summary, "\nTotal params: 93,418\n") {
		t.Errorf("the summary is not the one that was printed (%v):\n%s", err, summary)
	}
}
