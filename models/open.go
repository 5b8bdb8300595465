package models

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/onnx"
	"github.com/millrace-ml/millrace/models/internal/torch"
)

// Open opens the model in an MLflow model directory. It reads the MLmodel file and opens the model of its "onnx"
// flavor, or of its "pytorch" flavor when that holds a .pt2 archive. For a directory of other flavors it returns an
// error with the code mlflow.NotImplemented. Files outside the directory are never read, not even by symbolic links.
func Open(dir string) (*Model, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, files.OpenError(err, filepath.Join(dir, "MLmodel"))
	}
	defer func() { _ = root.Close() }() // Nothing was written.
	return openDir(files.Dir{FS: root.FS(), Name: dir}, nil)
}

// OpenFS is like Open for the MLflow model directory at the root of fsys, for example an embed.FS or a zip.Reader;
// use fs.Sub for a directory below it. Whether symbolic links are followed depends on fsys: os.DirFS follows those
// that leave the directory, os.Root.FS does not.
func OpenFS(fsys fs.FS) (*Model, error) { return openDir(files.Dir{FS: fsys, Name: "."}, nil) }

func openDir(dir files.Dir, seed *uint64) (*Model, error) {
	file, err := readMLmodel(dir)
	if err != nil {
		return nil, err
	}
	metadata, err := file.metadata()
	if err != nil {
		return nil, err
	}
	m, err := file.openFlavor(dir, seed)
	if err != nil {
		return nil, err
	}
	m.metadata = metadata
	return m, nil
}

// openFlavor opens the model of the first flavor that Millrace can run.
func (f *mlmodel) openFlavor(dir files.Dir, seed *uint64) (*Model, error) {
	if node, ok := f.Flavors["onnx"]; ok {
		var flavor struct{ Data string }
		if err := node.Decode(&flavor); err != nil || flavor.Data == "" {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the onnx flavor of '%s' names no data", dir.Name)
		}
		return openONNX(dir, flavor.Data)
	}
	if node, ok := f.Flavors["pytorch"]; ok {
		var flavor struct {
			Data string `yaml:"model_data"`
		}
		if err := node.Decode(&flavor); err != nil || flavor.Data == "" {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the pytorch flavor of '%s' names no model_data", dir.Name)
		}
		m, err := openTorch(seed)(dir, path.Join(flavor.Data, "model.pt2"))
		if e := mlflow.AsError(err); e != nil && e.Code == mlflow.ResourceDoesNotExist {
			return nil, mlflow.Errorf(mlflow.NotImplemented,
				"the pytorch flavor of '%s' holds no model.pt2; only Python can run a pickled model: "+
					"log it with serialization_format='pt2'", dir.Name)
		}
		return m, err
	}
	return nil, mlflow.Errorf(mlflow.NotImplemented,
		"the model in '%s' has the flavors %q; Millrace runs onnx and pytorch (.pt2)", dir.Name,
		slices.Sorted(maps.Keys(f.Flavors)))
}

// OpenONNX opens an ONNX file. Tensors that it stores in other files are read from its directory and the directories
// below.
func OpenONNX(file string) (*Model, error) { return openIn(file, openONNX) }

// OpenTorch opens a .pt2 archive that torch.export.save wrote with weights as plain bytes, as PyTorch 2.15 does.
// Pickled records of the archive, such as the sample inputs, are not read. file may be a symbolic link.
//
// A model that draws random numbers is an error; open it with [Seed.OpenTorch].
func OpenTorch(file string) (*Model, error) { return openTorchFile(file, nil) }

func openTorchFile(file string, seed *uint64) (*Model, error) {
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, files.OpenError(err, file)
	}
	return openIn(target, openTorch(seed))
}

// openIn opens a file with the file system of its directory.
func openIn(file string, open func(dir files.Dir, name string) (*Model, error)) (*Model, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, files.OpenError(err, file)
	}
	defer func() { _ = root.Close() }() // Nothing was written.
	return open(files.Dir{FS: root.FS(), Name: filepath.Dir(file)}, filepath.Base(file))
}

// ReadONNX opens the content of an ONNX file. Content that refers to tensors in other files is an error: open it with
// OpenONNX or OpenFS. The model does not retain data.
func ReadONNX(data []byte) (*Model, error) {
	if int64(len(data)) > files.MaxSize {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the ONNX file is larger than %d bytes", int64(files.MaxSize))
	}
	return newONNX(data, files.Dir{})
}

func openONNX(dir files.Dir, name string) (*Model, error) {
	data, err := dir.Read(name, files.MaxSize)
	if err != nil {
		return nil, err
	}
	if dir, err = dir.Sub(name); err != nil {
		return nil, err
	}
	return newONNX(data, dir)
}

func newONNX(data []byte, dir files.Dir) (*Model, error) {
	p, classes, err := onnx.Read(data, dir)
	if err != nil {
		return nil, err
	}
	return &Model{program: p, metadata: &Metadata{}, classes: classes}, nil
}

func openTorch(seed *uint64) func(dir files.Dir, name string) (*Model, error) {
	return func(dir files.Dir, name string) (*Model, error) {
		f, err := dir.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // Nothing was written.
		r, size, err := f.ReaderAt()
		if err != nil {
			return nil, err
		}
		p, err := torch.Read(r, size, seed)
		if err != nil {
			return nil, err
		}
		return &Model{program: p, metadata: &Metadata{}}, nil
	}
}

// Seed opens PyTorch models that draw random numbers. The numbers depend on the seed and on the place in the graph
// only, so every run draws the same. They have the distributions that PyTorch documents, and are not those of its generator.
type Seed uint64

// Open is like [Open].
func (s Seed) Open(dir string) (*Model, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, files.OpenError(err, filepath.Join(dir, "MLmodel"))
	}
	defer func() { _ = root.Close() }() // Nothing was written.
	return openDir(files.Dir{FS: root.FS(), Name: dir}, (*uint64)(&s))
}

// OpenTorch is like [OpenTorch].
func (s Seed) OpenTorch(file string) (*Model, error) { return openTorchFile(file, (*uint64)(&s)) }
