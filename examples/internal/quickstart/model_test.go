package quickstart

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/examples/internal/trainer"
)

// TestSummary compares the numbers of parameters with those of the page's PyTorch model.
func TestSummary(t *testing.T) {
	t.Parallel()
	backend, err := trainer.Backend()
	if err != nil {
		t.Fatal(err)
	}
	got, err := network.Summary(backend, "ImageClassifier", 64, 1, side, side)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"│    └─Conv2d: 2-1                       [64, 8, 26, 26]           80\n",
		"│    └─Conv2d: 2-3                       [64, 16, 24, 24]          1,168\n",
		"│    └─Linear: 2-6                       [64, 10]                  92,170\n",
		"Total params: 93,418\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
