package mlflow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

// spillLimit is how many bytes of one run wait on the disk unless [WithSpill]
// says otherwise: about three million metrics.
const spillLimit = 256 << 20

// spillSuffix ends the names of spill files.
const spillSuffix = ".jsonl"

// errSpillFull is what a spill returns when it is as large as it may be.
var errSpillFull = errors.New("as much waits on the disk as may")

// WithSpill sets where a run keeps what it has logged while the server is away:
// in a file in the folder dir, of up to limit bytes; with a limit of 0 nowhere.
// An empty dir stands for the folder that MILLRACE_SPILL_DIR names, or else
// millrace/undelivered in the user's cache folder ([os.UserCacheDir]), or
// .millrace/undelivered in the current folder where there is no such. The limit
// is 256 MiB unless told otherwise. See [Client.Deliver].
func WithSpill(dir string, limit int64) Option {
	return func(c *Client) { c.spillDir, c.spillLimit = dir, limit }
}

// undeliveredDir returns the folder that [WithSpill] describes.
func (c *Client) undeliveredDir() string {
	if c.spillDir != "" {
		return c.spillDir
	}
	if dir := os.Getenv("MILLRACE_SPILL_DIR"); dir != "" {
		return dir
	}
	if cache, err := os.UserCacheDir(); err == nil {
		return filepath.Join(cache, "millrace", "undelivered")
	}
	return filepath.Join(".millrace", "undelivered")
}

// spillOwner is the first line of a spill file.
type spillOwner struct {
	TrackingURI string `json:"tracking_uri"`
	RunID       string `json:"run_id"`
}

// spillLine is any other line: values, or, at the end, how the run ended.
type spillLine struct {
	values
	Status  RunStatus `json:"status,omitempty"`
	EndTime int64     `json:"end_time,omitempty"`
}

// spill keeps values on the disk, first in, first out: one line of JSON for each
// batch. The file is made for the first of them and locked, so that nobody else
// delivers it. A line without its end is what a killed program was writing.
type spill struct {
	dir   string
	limit int64
	owner spillOwner

	file  *os.File // Nil before the first line.
	name  string   // Its path, "" while there is none.
	start int64    // Where the first line of values begins.
	size  int64    // Where the next line goes.
	next  int64    // Where the oldest line begins.
	head  int64    // How long the oldest line is, once it was read.
	last  int64    // How long the youngest line is.
	count int      // Values that wait.
}

// spillOf returns the client's spill for a run.
func (c *Client) spillOf(runID string) *spill {
	return &spill{dir: c.undeliveredDir(), limit: c.spillLimit, owner: spillOwner{c.addressWithoutUser(), runID}}
}

// addressWithoutUser returns the server's address with no password in it.
func (c *Client) addressWithoutUser() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return c.base
	}
	u.User = nil
	return u.String()
}

// empty tells whether nothing waits.
func (s *spill) empty() bool { return s.file == nil || s.next == s.size }

// create makes the file, with a name of its own, since several programs may log
// to one run. The server chose the run's ID, which must not become a path.
func (s *spill) create() error {
	if s.limit <= 0 {
		return errSpillFull
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	random, err := randomHex()
	if err != nil {
		return err
	}
	id := url.PathEscape(s.owner.RunID)
	name := filepath.Join(s.dir, fmt.Sprintf("%.64s-%.8s%s", id, random, spillSuffix))
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // In the user's own folder.
	if err != nil {
		return err
	}
	first, err := json.Marshal(s.owner)
	if err == nil && !lockFile(file) {
		err = errors.New("it is locked")
	}
	if err == nil {
		_, err = file.Write(append(first, '\n'))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("making %s: %w", name, err), release(file), os.Remove(name))
	}
	s.file, s.name, s.start = file, name, int64(len(first)+1)
	s.size, s.next = s.start, s.start
	return nil
}

// add appends a line. After an error the file is as it was.
func (s *spill) add(line *spillLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if s.file == nil {
		if err := s.create(); err != nil {
			return err
		}
	}
	if line.Status == "" && s.size+int64(len(text)) > s.limit {
		if err := s.compact(); err != nil {
			return err
		}
		if s.size+int64(len(text)) > s.limit {
			return errSpillFull
		}
	}
	if _, err := s.file.WriteAt(text, s.size); err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.last = int64(len(text))
	s.size += s.last
	s.count += line.len()
	return nil
}

// compact drops what was delivered from the file, if that is half of it.
func (s *spill) compact() error {
	gone := s.next - s.start
	if gone < s.size/2 {
		return nil
	}
	smaller, err := os.OpenFile(s.name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(
		smaller,
		io.MultiReader(io.NewSectionReader(s.file, 0, s.start), io.NewSectionReader(s.file, s.next, s.size-s.next)),
	)
	if err == nil && !lockFile(smaller) {
		err = errors.New("it is locked")
	}
	if err == nil {
		err = os.Rename(smaller.Name(), s.name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("shortening %s: %w", s.name, err), smaller.Close(), os.Remove(smaller.Name()))
	}
	old := s.file
	s.file = smaller
	s.size, s.next = s.size-gone, s.start
	return old.Close()
}

// oldest reads the line that waits longest.
func (s *spill) oldest() (*spillLine, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(s.file, s.next, s.size-s.next), 64<<10)
	text, err := in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.name, err)
	}
	s.head = int64(len(text))
	line := new(spillLine)
	if err := json.Unmarshal(text, line); err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.name, err)
	}
	return line, nil
}

// remove takes the oldest line, which oldest returned, out of the spill. A file
// of which all was delivered begins anew.
func (s *spill) remove(count int) error {
	s.next += s.head
	s.head = 0
	s.count -= count
	if s.next < s.size {
		return nil
	}
	return s.discard()
}

// discard takes all lines out of the spill.
func (s *spill) discard() error {
	if s.file == nil {
		return nil
	}
	s.size, s.next, s.head, s.count = s.start, s.start, 0, 0
	return s.file.Truncate(s.start)
}

// close closes the file, and deletes it if nothing is left in it.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Sync()
	if s.empty() { // While it is locked, so that nobody else takes it up.
		err = os.Remove(s.name)
	}
	err = errors.Join(err, release(s.file))
	s.file, s.name = nil, ""
	return err
}

// openSpill opens the file of another program; nil without an error if that
// program still runs, or the file is none of ours.
func openSpill(name string) (*spill, error) {
	file, err := os.OpenFile(name, os.O_RDWR, 0) //nolint:gosec // In the user's own folder.
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !lockFile(file) || !stillAt(file, name) {
		return nil, file.Close()
	}
	s := &spill{file: file, name: name}
	if err := s.scan(); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", name, err), release(file))
	}
	return s, nil
}

// stillAt tells whether a file that was just locked is the one of that name; its
// owner may have deleted or replaced it before.
func stillAt(file *os.File, name string) bool {
	a, err := file.Stat()
	b, err2 := os.Stat(name)
	return err == nil && err2 == nil && os.SameFile(a, b)
}

// scan finds the first and the last whole line.
func (s *spill) scan() error {
	in := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), 64<<10)
	first, err := in.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(first) == 0 {
		return nil // The program was killed before it wrote anything.
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(first, &s.owner); err != nil {
		return err
	}
	s.start, s.next = int64(len(first)), int64(len(first))
	s.size = s.start
	var since int64 // The end of the last whole line.
	chunk := make([]byte, 64<<10)
	for {
		n, err := in.Read(chunk)
		if at := bytes.LastIndexByte(chunk[:n], '\n'); at >= 0 {
			s.size += since + int64(at) + 1
			since = int64(n - at - 1)
		} else {
			since += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// release unlocks and closes a file.
func release(f *os.File) error { return errors.Join(unlockFile(f), f.Close()) }
