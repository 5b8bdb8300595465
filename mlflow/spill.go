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

// spillLimit is the default limit of the spill file of a run in bytes: about three
// million metrics.
const spillLimit = 256 << 20

// spillSuffix is the extension of spill files.
const spillSuffix = ".jsonl"

// errSpillFull is the error of a spill at its limit.
var errSpillFull = errors.New("as much waits on the disk as may")

// WithSpill sets where a run stores values while the server is not available: in a file
// of at most limit bytes in the directory dir. A limit of 0 disables it. The default of
// dir is MILLRACE_SPILL_DIR, or millrace/undelivered in the user's cache directory
// ([os.UserCacheDir]), or .millrace/undelivered in the current directory. The default
// limit is 256 MiB. See [Client.Deliver].
func WithSpill(dir string, limit int64) Option {
	return func(c *Client) { c.spillDir, c.spillLimit = dir, limit }
}

// undeliveredDir returns the directory of spill files; see [WithSpill].
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

// spillLine is any other line: values, or the final status of the run.
type spillLine struct {
	values
	Status  RunStatus `json:"status,omitempty"`
	EndTime int64     `json:"end_time,omitempty"`
}

// spill is a queue of batches in a file with a line of JSON for each batch. The file is
// created for the first batch and locked, so that no other program delivers it. A killed
// program may leave an incomplete last line.
type spill struct {
	dir   string
	limit int64
	owner spillOwner

	file  *os.File // nil before the first line
	name  string   // path, or "" before the first line
	start int64    // offset of the first batch
	size  int64    // offset of the next line to write
	next  int64    // offset of the oldest line
	head  int64    // length of the oldest line, after it was read
	last  int64    // length of the newest line
	count int      // number of waiting values
}

// spillOf returns the spill of a run.
func (c *Client) spillOf(runID string) *spill {
	return &spill{dir: c.undeliveredDir(), limit: c.spillLimit, owner: spillOwner{c.addressWithoutUser(), runID}}
}

// addressWithoutUser returns the server's URL without credentials.
func (c *Client) addressWithoutUser() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return c.base
	}
	u.User = nil
	return u.String()
}

// empty reports whether no values are waiting.
func (s *spill) empty() bool { return s.file == nil || s.next == s.size }

// create creates the file with a unique name, because several programs may log to a run.
// The run ID comes from the server, so it must not become a path.
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
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user's directory
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

// add appends a line. After an error the file is unchanged.
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

// compact removes the delivered lines if they are half of the file.
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

// oldest reads the oldest line.
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

// remove removes the oldest line, which oldest returned. It truncates the file when all
// lines were removed.
func (s *spill) remove(count int) error {
	s.next += s.head
	s.head = 0
	s.count -= count
	if s.next < s.size {
		return nil
	}
	return s.discard()
}

// discard removes all lines.
func (s *spill) discard() error {
	if s.file == nil {
		return nil
	}
	s.size, s.next, s.head, s.count = s.start, s.start, 0, 0
	return s.file.Truncate(s.start)
}

// close closes the file, and deletes it if it is empty.
func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Sync()
	if s.empty() { // Delete it while it is locked, so that no other program opens it.
		err = os.Remove(s.name)
	}
	err = errors.Join(err, release(s.file))
	s.file, s.name = nil, ""
	return err
}

// openSpill opens the file of another program. It returns nil if that program is running
// or the file is not a spill file.
func openSpill(name string) (*spill, error) {
	file, err := os.OpenFile(name, os.O_RDWR, 0) //nolint:gosec // the user's directory
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

// stillAt reports whether a locked file still exists under its name. Its owner may have
// deleted or replaced it before the lock.
func stillAt(file *os.File, name string) bool {
	a, err := file.Stat()
	b, err2 := os.Stat(name)
	return err == nil && err2 == nil && os.SameFile(a, b)
}

// scan finds the first and the last complete line.
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
	var since int64 // end of the last complete line
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
