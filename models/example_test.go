package models_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// A model in ONNX format is logged to a run, registered and given an alias. Any program can then load it by the alias
// and run it. The file is a classifier of scikit-learn, whose first output is the class of each row.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	server, err := local.Start(ctx, local.Options{Dir: dir}) // Or mlflow.Connect for an existing server.
	if err != nil {
		log.Fatal(err)
	}
	client := server.Client()
	err = client.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		file, err := os.ReadFile("testdata/logistic.onnx")
		if err != nil {
			return err
		}
		inputs := []mlflow.TensorSpec{{DType: "float32", Shape: []int{-1, 4}}}
		save := mlflow.ONNXModel(file, inputs, nil, nil)
		info, err := run.LogModel(ctx, "model", save, mlflow.ModelOptions{RegisterAs: "flowers"})
		if err != nil {
			return err
		}
		return client.SetModelAlias(ctx, "flowers", "champion", info.Version.Version)
	})
	if err != nil {
		log.Fatal(err)
	}

	model, err := mlflow.LoadModel(ctx, client, "models:/flowers@champion", models.Open)
	if err != nil {
		log.Fatal(err)
	}
	x, err := mlflow.NewTensor([]float32{-0.9, -0.8, -0.9, 0, 0.9, 0.8, 0.9, 0}, 2, 4)
	if err != nil {
		log.Fatal(err)
	}
	y, err := model.Predict(ctx, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("classes:", y.Data)
	if err := errors.Join(server.Close(), os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
	// Output: classes: [0 1]
}

// ExampleOpen opens a directory that mlflow.onnx.save_model or mlflow.pytorch.save_model wrote. Any number of
// goroutines can run the model.
func ExampleOpen() {
	model, err := models.Open("testdata/mlflow_torch")
	if err != nil {
		log.Fatal(err)
	}
	for _, in := range model.Inputs() {
		fmt.Println(in.DType, in.Shape)
	}
	x, err := mlflow.NewTensor(make([]float32, 60), 2, 30)
	if err != nil {
		log.Fatal(err)
	}
	y, err := model.Predict(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.DType(), y.Shape)
	// Output:
	// float32 [-1 30]
	// float32 [2 1]
}

// ExampleOpenFS opens a model that is embedded in the program.
func ExampleOpenFS() {
	model, err := models.OpenFS(classifier())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Metadata().Flavors, model.Outputs()[0].Shape)
	// Output:
	// [onnx python_function] [-1 1]
}

//go:embed testdata/mlflow_onnx
var embedded embed.FS

// classifier returns the embedded model directory.
func classifier() fs.FS {
	dir, err := fs.Sub(embedded, "testdata/mlflow_onnx")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

//go:embed testdata/mlp.onnx
var onnxFile []byte

// ExampleReadONNX opens an ONNX file that is embedded in the program.
func ExampleReadONNX() {
	model, err := models.ReadONNX(onnxFile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Inputs()[0].Name, model.Inputs()[0].Shape)
	// Output:
	// x [-1 30]
}
