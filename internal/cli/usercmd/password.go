package usercmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// maxPasswordFile is the maximum size of a file with a password.
const maxPasswordFile = 4096

// passwordFlags are the flags that say where a new password comes from. No flag has the
// password itself: other users of the machine can see the arguments of a program.
type passwordFlags struct {
	file     string
	generate bool
}

const passwordHelp = `
The password is read without echo from the terminal, from standard input if that is no terminal, or
from the file that --password-file names. A newline at its end is ignored. --generate-password makes
a random one and prints it. The password must have at least 12 characters.`

func (p *passwordFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "password-file", "", "read the password from a `file`")
	cmd.Flags().BoolVar(&p.generate, "generate-password", false, "make a random password and print it")
	cmd.MarkFlagsMutuallyExclusive("password-file", "generate-password")
}

// read returns the new password of a user.
func (p *passwordFlags) read(cmd *cobra.Command, username string) (string, error) {
	if p.generate {
		return rand.Text(), nil
	}
	if cmd.Flags().Changed("password-file") {
		f, err := os.Open(p.file)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer func() { _ = f.Close() }()
		return readPassword(f, "the file of --password-file")
	}
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return promptTwice(cmd.Context(), f, cmd.ErrOrStderr(), username)
	}
	return readPassword(cmd.InOrStdin(), "standard input")
}

func readPassword(in io.Reader, from string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxPasswordFile+1))
	if err != nil {
		return "", fmt.Errorf("reading the password from %s: %w", from, err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case len(text) > maxPasswordFile:
		return "", fmt.Errorf("%s has more than %d bytes, which is no password", from, maxPasswordFile)
	case password == "":
		return "", fmt.Errorf("%s has no password", from)
	case strings.Contains(password, "\n"):
		return "", fmt.Errorf("%s has several lines, and the password must be the only one", from)
	}
	return password, nil
}

// promptTwice asks for a password and its repetition.
func promptTwice(ctx context.Context, terminal *os.File, out io.Writer, username string) (string, error) {
	first, err := prompt(ctx, terminal, out, fmt.Sprintf("New password of %q: ", username))
	if err != nil {
		return "", err
	}
	second, err := prompt(ctx, terminal, out, "The same password again: ")
	if err == nil && first != second {
		err = errors.New("the two passwords differ")
	}
	return first, err
}

// prompt reads a line without echo. If ctx ends first, such as by Ctrl+C, it restores
// the terminal.
func prompt(ctx context.Context, terminal *os.File, out io.Writer, text string) (string, error) {
	fd := int(terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(out, text)
	defer fmt.Fprintln(out)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, state))
	case l := <-read:
		if errors.Is(l.err, io.EOF) {
			l.err = errors.New("no password was entered")
		}
		return string(l.text), l.err
	}
}
