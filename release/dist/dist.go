// Package dist builds the files of a release: archives, packages of Linux, Python wheels, the container image, lists of
// what they contain, and the manifests of package managers.
//
// It is a driver on libraries and not a configuration of goreleaser: docs/adr/0011 gives the reasons.
package dist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/release/image"
	"github.com/millrace-ml/millrace/release/wheel"
)

// Options selects what a release contains.
type Options struct {
	Repo      string     // the root of the repository
	Out       string     // the folder that is written; an existing one is replaced
	Version   string     // such as v1.2.3; empty for the version that git knows
	Platforms []Platform // of the files
	Log       io.Writer
}

// Run builds a release. The folder Out is replaced only after all files are complete. The same commit, Go release and
// platforms give the same bytes on every machine.
func Run(ctx context.Context, o Options) (err error) {
	if o.Repo, err = filepath.Abs(o.Repo); err != nil {
		return err
	}
	if o.Out, err = filepath.Abs(o.Out); err != nil {
		return err
	}
	src, err := readSource(ctx, o.Repo, o.Version)
	if err != nil {
		return err
	}
	// The folder is a neighbor of the result, so that it can be renamed.
	stage, err := os.MkdirTemp(filepath.Dir(o.Out), "dist.partial-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	r := &release{Options: o, source: src, stage: stage, out: filepath.Join(stage, "out")}
	if err := os.Mkdir(r.out, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "%s, from the commit of %s\n", src.Version.Tag, src.Time)
	for _, step := range []func(context.Context) error{
		r.buildPrograms, r.writeExtras, r.writeFiles, r.writeManifests, r.writeSums,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(o.Out); err != nil {
		return err
	}
	return os.Rename(r.out, o.Out)
}

// release is a release while it is built.
type release struct {
	Options
	source
	stage    string // a temporary folder
	out      string // the folder of the finished files, in stage
	programs map[Platform]string
	extras   extras
}

// extras are the files beside the program.
type extras struct {
	texts       []file // license and description
	completions []file
	man         []file
}

// buildPrograms compiles the program for each platform, and for this machine, because it writes its completions itself.
func (r *release) buildPrograms(ctx context.Context) error {
	r.programs = map[Platform]string{}
	platforms := r.Platforms
	if !slices.Contains(platforms, Host) {
		platforms = append(slices.Clone(platforms), Host)
	}
	for _, p := range platforms {
		path, err := build(ctx, r.Repo, r.source.Version.Tag, p, filepath.Join(r.stage, "bin"), r.Log)
		if err != nil {
			return err
		}
		r.programs[p] = path
	}
	return nil
}

func (r *release) writeExtras(ctx context.Context) error {
	completions, man := filepath.Join(r.stage, "completions"), filepath.Join(r.stage, "man")
	if err := writeCompletions(ctx, r.programs[Host], completions); err != nil {
		return err
	}
	if err := writeManPages(ctx, r.Repo, man, r.Time); err != nil {
		return err
	}
	for _, name := range []string{"LICENSE", "README.md"} {
		r.extras.texts = append(r.extras.texts, file{name: name, path: filepath.Join(r.Repo, name), mode: 0o644})
	}
	notices, err := r.writeNotices(ctx)
	if err != nil {
		return err
	}
	r.extras.texts = append(r.extras.texts, file{name: noticesFile, path: notices, mode: 0o644})
	if r.extras.completions, err = filesBelow(completions, "completions"); err != nil {
		return err
	}
	r.extras.man, err = filesBelow(man, "man/man1")
	return err
}

// writeFiles writes what is made of the programs. Compression takes most of the time, so that all processors work.
func (r *release) writeFiles(ctx context.Context) error {
	shared, err := r.packageFiles()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	run := func(what string, p Platform, write func() error) {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := write(); err != nil {
				return fmt.Errorf("%s for %s: %w", what, p, err)
			}
			return nil
		})
	}
	group.Go(func() error { return r.writeImage(ctx) })
	for _, p := range r.Platforms {
		run("archive", p, func() error { return r.writeArchive(p) })
		run("wheel", p, func() error { return r.writeWheel(p) })
		run("SBOM", p, func() error { return r.writeSBOM(p) })
		if p.OS == "linux" {
			for format, packager := range packagers {
				run(format, p, func() error { return r.writePackage(p, format, packager, shared) })
			}
		}
	}
	return group.Wait()
}

// writeArchive writes the archive of a platform. The files are at its top, where package managers expect them.
func (r *release) writeArchive(p Platform) error {
	files := []file{{name: p.Program(), path: r.programs[p], mode: 0o755}}
	files = append(files, r.extras.texts...)
	files = append(files, r.extras.completions...)
	out := filepath.Join(r.out, archiveName(r.source.Version, p))
	if p.OS == "windows" {
		return writeZip(out, files, r.Time)
	}
	return writeTarball(out, append(files, r.extras.man...), r.Time)
}

func archiveName(v Version, p Platform) string {
	extension := ".tar.gz"
	if p.OS == "windows" {
		extension = ".zip"
	}
	return "millrace_" + v.Number + "_" + p.File() + extension
}

func (r *release) writeWheel(p Platform) error {
	texts := map[string][]byte{}
	for _, f := range r.extras.texts {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		texts[f.name] = text
	}
	readme := texts["README.md"]
	delete(texts, "README.md") // The others are licenses.
	_, err := wheel.Write(wheel.Package{
		Version: r.source.Version.Python, Platform: p.File(), Program: r.programs[p], Readme: readme, Licenses: texts,
		Time: r.Time,
	}, r.out)
	return err
}

// writeImage writes the container image of the Linux programs.
func (r *release) writeImage(ctx context.Context) error {
	programs := map[string]string{}
	for _, p := range r.Platforms {
		if p.OS == "linux" {
			programs[p.Arch] = r.programs[p]
		}
	}
	if len(programs) == 0 {
		return nil
	}
	name := "millrace_" + r.source.Version.Number + "_image.tar"
	return image.Write(ctx, programs, r.source.Version.Tag, filepath.Join(r.out, name))
}
