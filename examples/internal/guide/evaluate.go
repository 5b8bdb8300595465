package guide

import (
	"context"
	"fmt"
	"io"

	"github.com/millrace-ml/millrace/examples/internal/plots"
	"github.com/millrace-ml/millrace/examples/internal/report"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// threshold is the probability of malignant above which the prediction is malignant.
const threshold = 0.5

// evaluate loads the registered model, predicts the test rows and logs the scores. The
// scores refer to the run, the model and the dataset, so that the page of the registered
// model shows them.
func evaluate(
	ctx context.Context, run *mlflow.ActiveRun, info *mlflow.ModelInfo, test *part, data *mlflow.Dataset, out io.Writer,
) (float64, error) {
	uri := fmt.Sprintf("models:/%s/%s", info.Version.Name, info.Version.Version)
	loaded, err := mlflow.LoadModel(ctx, run.Client(), uri, models.Open)
	if err != nil {
		return 0, err
	}
	logits, err := predict(ctx, loaded, test)
	if err != nil {
		return 0, err
	}
	probabilities, guesses := make([]float64, len(logits)), make([]int, len(logits))
	for i, logit := range logits {
		if probabilities[i] = sigmoid(logit); probabilities[i] > threshold {
			guesses[i] = 1
		}
	}
	if err := logPredictions(ctx, run, test, logits, guesses); err != nil {
		return 0, err
	}
	r, err := report.Classification(test.y, guesses, []string{"0", "1"}) // The page's names of the classes.
	if err != nil {
		return 0, err
	}
	text := fmt.Sprintf("%s\n%s\n\nClass 0 is %s, class 1 is %s.\n", r, r.Confusion, classes[0], classes[1])
	fmt.Fprint(out, text)
	explain(r, out)
	if err := run.LogText(ctx, text, "classification_report.txt"); err != nil {
		return 0, err
	}
	if err := logPlot(ctx, run, "confusion_matrix.png")(plots.ConfusionMatrix(classes, r.Confusion)); err != nil {
		return 0, err
	}
	malignant := r.Classes[1]
	metrics := map[string]float64{
		"test_accuracy": r.Accuracy, "test_precision": malignant.Precision, "test_recall": malignant.Recall,
		"test_f1": malignant.F1, "test_roc_auc": report.AUC(test.y, probabilities),
		"test_log_loss": report.LogLoss(test.y, probabilities),
	}
	for name, value := range metrics {
		m := mlflow.Metric{
			Key: name, Value: value, ModelID: info.ModelID, DatasetName: data.Name, DatasetDigest: data.Digest,
		}
		if err := run.Log(ctx, m); err != nil {
			return 0, err
		}
	}
	return r.Accuracy, nil
}

// explain prints why the model predicts only one class, if it does.
func explain(r *report.Report, out io.Writer) {
	warnings := r.Warnings()
	for _, w := range warnings {
		fmt.Fprintln(out, w)
	}
	if len(warnings) > 0 {
		fmt.Fprintln(out, "The guide's settings (Adam at 0.0001, 50 steps) end the training too early. "+
			"-lr 0.01 -epochs 200 reaches an accuracy of 0.97.")
	}
}

// predict returns the logit of each row.
func predict(ctx context.Context, m *models.Model, rows *part) ([]float32, error) {
	logits, err := m.Predict(ctx, rows.tensor())
	if err != nil {
		return nil, err
	}
	return logits.Float32s()
}

// logPredictions logs a table of the scaled test rows with their predictions.
func logPredictions(ctx context.Context, run *mlflow.ActiveRun, test *part, logits []float32, guesses []int) error {
	table := &mlflow.Table{}
	for i := range features {
		table.Columns = append(table.Columns, fmt.Sprintf("feature_%d", i))
	}
	table.Columns = append(table.Columns, "logit", "predicted", "diagnosis")
	for i, logit := range logits {
		var row []any
		for _, v := range test.x[i*features : (i+1)*features] {
			row = append(row, v)
		}
		table.Rows = append(table.Rows, append(row, logit, classes[guesses[i]], classes[test.y[i]]))
	}
	return run.LogTable(ctx, table, "predictions.json")
}
