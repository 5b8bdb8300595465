package torch

import (
	"archive/zip"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// Limits of a .pt2 archive.
const (
	maxRecords = 1 << 17
	maxJSON    = 256 << 20
)

// schemaMajor is the supported major version of torch.export's schema. Minor versions add only fields that older
// readers can ignore.
const schemaMajor = 8

// Read builds the program of a .pt2 archive. A graph that draws random numbers needs a seed, which can be nil for
// others.
func Read(r io.ReaderAt, size int64, seed *uint64) (*graph.Program, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	var program exportedProgram
	if err := a.json(a.graph, &program); err != nil {
		return nil, err
	}
	if program.Schema.Major != schemaMajor {
		return nil, mlflow.Errorf(mlflow.NotImplemented,
			"the model is written in version %d.%d of torch.export's schema; Millrace reads %d: "+
				"export it again with another PyTorch", program.Schema.Major, program.Schema.Minor, schemaMajor)
	}
	weights, err := a.tensors()
	if err != nil {
		return nil, err
	}
	return build(&program, weights, seed)
}

// archive is the zip file. Its records are in a directory that is named after the file.
type archive struct {
	records map[string]*zip.File
	graph   string // The record with the graph, models/<name>.json.
	left    int64  // The number of bytes that may still be read.
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the file is not a .pt2 archive: %v", err)
	}
	if len(z.File) > maxRecords {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the archive has more than %d records", maxRecords)
	}
	a := &archive{records: map[string]*zip.File{}, left: min(size, files.MaxSize)}
	for _, f := range z.File {
		_, name, ok := strings.Cut(f.Name, "/")
		if !ok {
			name = f.Name
		}
		if name == "serialized_exported_program.json" {
			return nil, mlflow.Errorf(mlflow.NotImplemented,
				"an older version of PyTorch wrote the archive with pickled weights; export the model again with a newer one")
		}
		a.records[name] = f
		if strings.HasPrefix(name, "models/") && strings.HasSuffix(name, ".json") {
			if a.graph != "" {
				return nil, mlflow.Errorf(mlflow.NotImplemented, "the archive contains several models")
			}
			a.graph = name
		}
	}
	if a.graph == "" {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the archive contains no graph of torch.export")
	}
	for name, want := range map[string]string{"byteorder": "little", "archive_version": "0"} {
		if _, ok := a.records[name]; !ok {
			continue
		}
		got, err := a.read(name, 64)
		if err != nil {
			return nil, err
		}
		if string(got) != want {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "the archive's %s is '%s'; Millrace reads '%s'", name, got, want)
		}
	}
	return a, nil
}

// read returns a record. PyTorch does not compress records; compressed ones are rejected, so that the allocated
// memory is limited by the size of the file.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	f, ok := a.records[name]
	if !ok {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the archive has no record '%s'", name)
	}
	size := int64(min(f.UncompressedSize64, files.MaxSize+1))
	if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "record '%s' is compressed, which PyTorch does not do", name)
	}
	if size > limit || size > a.left {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "record '%s' of %d bytes is too large", name, size)
	}
	a.left -= size
	r, err := f.Open()
	if err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "record '%s' is damaged: %v", name, err)
	}
	defer r.Close()
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "record '%s' is damaged: %v", name, err)
	}
	// Reading to the end verifies the checksum.
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "record '%s' is damaged: %v", name, err)
	}
	return data, nil
}

func (a *archive) json(name string, to any) error {
	data, err := a.read(name, maxJSON)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "record '%s' is not in the format of torch.export: %v", name, err)
	}
	return nil
}

// tensors reads all weights and constants, by name.
func (a *archive) tensors() (map[string]*tensor, error) {
	out, spent := map[string]*tensor{}, graph.WeightBudget(0)
	model := strings.TrimSuffix(strings.TrimPrefix(a.graph, "models/"), ".json")
	for _, kind := range []string{"constants", "weights"} {
		folder := "data/" + kind + "/"
		config := folder + model + "_" + kind + "_config.json"
		if _, ok := a.records[config]; !ok {
			if _, old := a.records[folder+model+".pt"]; old {
				return nil, mlflow.Errorf(mlflow.NotImplemented,
					"the archive's %s are pickled, as in older versions of PyTorch; export the model again with a newer one", kind)
			}
			continue
		}
		var list weightsConfig
		if err := a.json(config, &list); err != nil {
			return nil, err
		}
		flat := map[string]*tensor{}
		for _, name := range slices.Sorted(maps.Keys(list.Config)) {
			w := list.Config[name]
			if w.Pickle || w.Meta == nil {
				return nil, mlflow.Errorf(mlflow.NotImplemented,
					"'%s' is pickled in the archive; Millrace reads only plain tensors", name)
			}
			t, err := a.weight(folder+w.Path, w.Meta, flat)
			if err != nil {
				return nil, graph.Within(err, "weight '"+name+"'")
			}
			if err := spent.Spend(t); err != nil {
				return nil, err
			}
			out[name] = t
		}
	}
	return out, nil
}

// weight reads a tensor from a record. Several tensors can share a record.
func (a *archive) weight(record string, meta *tensorMeta, flat map[string]*tensor) (*tensor, error) {
	const strided = 7
	if meta.Layout != strided {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "a tensor that is not strided")
	}
	dtype := dtypeName(meta.DType)
	key := dtype + " " + record
	if flat[key] == nil {
		raw, err := a.read(record, files.MaxSize)
		if err != nil {
			return nil, err
		}
		if flat[key], err = graph.Decode(dtype, raw); err != nil {
			return nil, err
		}
	}
	offset := dims([]dimension{meta.Offset})[0]
	return kernel.AsStrided(flat[key], dims(meta.Sizes), dims(meta.Strides), offset)
}
