package models_test

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

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

func classifier() fs.FS {
	dir, err := fs.Sub(embedded, "testdata/mlflow_onnx")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

//go:embed testdata/mlp.onnx
var onnxFile []byte

func ExampleReadONNX() {
	model, err := models.ReadONNX(onnxFile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Inputs()[0].Name, model.Inputs()[0].Shape)
	// Output:
	// x [-1 30]
}
