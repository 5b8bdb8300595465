package mlflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// savedTokens is the content of the file of `millrace login`: an access token for each
// server, by its address.
type savedTokens struct {
	Tokens map[string]string `json:"tokens"`
}

// tokensFile returns the name of the file in the user's folder of settings.
func tokensFile() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "millrace", "credentials.json"), nil
}

// serverKey returns the form of an address by which its token is stored. Servers below
// other paths of a host are other servers.
func serverKey(u *url.URL) string {
	return strings.ToLower(u.Scheme+"://"+u.Host) + strings.TrimRight(u.EscapedPath(), "/")
}

// SaveToken stores an access token for the server at a tracking URI in a file that only
// the user can read. [Connect] sends it to that server if nothing else says who the user
// is. An empty token removes the stored one. SaveToken returns the name of the file.
func SaveToken(uri, token string) (file string, err error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", Errorf(InvalidParameterValue, "the tracking URI must be the address of a server, not %q", uri)
	}
	if file, err = tokensFile(); err != nil {
		return "", err
	}
	saved, err := readTokens(file)
	if err != nil {
		return "", err
	}
	if token == "" {
		delete(saved.Tokens, serverKey(u))
	} else {
		saved.Tokens[serverKey(u)] = token
	}
	return file, saved.write(file)
}

// write replaces the file as a whole, so that a reader never sees a part of it.
func (s *savedTokens) write(file string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".credentials-*") // Only the user can read it.
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// readTokens reads the file. One that does not exist is empty.
func readTokens(file string) (*savedTokens, error) {
	saved := &savedTokens{}
	text, err := os.ReadFile(file) //nolint:gosec // It is in the user's folder.
	if err == nil {
		err = json.Unmarshal(text, saved)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading credentials: %s: %w", file, err)
	}
	if saved.Tokens == nil {
		saved.Tokens = map[string]string{}
	}
	return saved, nil
}

// savedToken returns the stored token of a server, or "".
func savedToken(u *url.URL) (string, error) {
	file, err := tokensFile()
	if err != nil { // The user has no folder of settings, and so no token in it.
		return "", nil //nolint:nilerr // See above.
	}
	saved, err := readTokens(file)
	if err != nil {
		return "", err
	}
	return saved.Tokens[serverKey(u)], nil
}
