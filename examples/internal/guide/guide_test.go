package guide

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/local"
)

// TestRun trains with the page's settings and compares the output with the lines of the page. With them, the model
// predicts only one class.
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
	result, err := Run(ctx, server.Client(), rows(t), Default(&out))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"RangeIndex: 569 entries, 0 to 568",
		"Data columns (total 31 columns):",
		" 0   mean radius              569 non-null    float64",
		" 30  diagnosis                569 non-null    str    ",
		"dtypes: float64(30), str(1)",
		"                         count        mean         std         min         25%         50%          75%         max",
		"mean radius              569.0   14.127292    3.524049    6.981000   11.700000   13.370000    15.780000    28.11000",
		"              precision    recall  f1-score   support",
		"           0       0.62      1.00      0.76        88",
		"           1       0.00      0.00      0.00        55",
		"    accuracy                           0.62       143",
		"   macro avg       0.31      0.50      0.38       143",
		"weighted avg       0.38      0.62      0.47       143",
		"[[88  0]",
		" [55  0]]",
		"Class 0 is benign, class 1 is malignant.",
		"The precision is 0 for classes that are never predicted: 1",
	} {
		if !strings.Contains(out.String(), "\n"+line+"\n") {
			t.Errorf("the output lacks the line %q", line)
		}
	}
	for epoch := range 50 {
		if line := fmt.Sprintf("\nEpoch [%d/50], Loss: 0.", epoch+1); !strings.Contains(out.String(), line) {
			t.Errorf("the output lacks %q", line)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	text, err := server.Client().LoadText(ctx, result.RunID, "classification_report.txt")
	if err != nil || !strings.Contains(out.String(), text) {
		t.Errorf("the report is not the one that was printed (%v):\n%s", err, text)
	}
}
