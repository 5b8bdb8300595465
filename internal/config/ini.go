package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxINI is the size of the largest ini file in bytes.
const maxINI = 1 << 20

// iniFile has the keys of one section, in lower case as Python's configparser compares
// them, with the values after interpolation.
type iniFile map[string]iniValue

type iniValue struct {
	text string
	line int
}

// parseINI reads one section of an ini file by the rules of Python's configparser: a
// line that is indented further than its key continues the value, # and ; start a
// comment at the beginning of a line only, and %% is a percent sign. Other sections are
// errors, because their keys would have no effect.
func parseINI(text, section string) (iniFile, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the file is not UTF-8 text")
	}
	p := iniParser{section: section, values: iniFile{}}
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		p.line++
		if err := p.read(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if !p.inside {
		return nil, fmt.Errorf("the section [%s] is missing", section)
	}
	for key, v := range p.values {
		value, err := interpolate(strings.TrimRight(v.text, " \t\n"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", v.line, key, err)
		}
		p.values[key] = iniValue{value, v.line}
	}
	return p.values, nil
}

type iniParser struct {
	section string
	values  iniFile
	inside  bool   // of the section
	key     string // whose value the next line can continue, or ""
	indent  int    // of that key
	line    int
}

// read reads a line without its end.
func (p *iniParser) read(line string) error {
	trimmed := strings.TrimSpace(line)
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	switch {
	case strings.ContainsRune(line, 0):
		return errors.New("the line has a NUL character")
	case strings.HasPrefix(trimmed, "#"), strings.HasPrefix(trimmed, ";"):
		return nil
	case p.key != "" && (trimmed == "" || indent > p.indent):
		v := p.values[p.key]
		p.values[p.key] = iniValue{v.text + "\n" + trimmed, v.line}
		return nil
	case trimmed == "":
		return nil
	case strings.HasPrefix(trimmed, "["):
		return p.header(trimmed)
	}
	p.indent = indent
	return p.assignment(trimmed)
}

func (p *iniParser) header(line string) error {
	name, rest, closed := strings.Cut(line[1:], "]")
	rest = strings.TrimSpace(rest)
	switch {
	case !closed || rest != "" && rest[0] != '#' && rest[0] != ';':
		return errors.New("the line is not a section such as [" + p.section + "]")
	case name != p.section:
		return fmt.Errorf("the section [%s] has no meaning; the settings are in [%s]", name, p.section)
	case p.inside:
		return fmt.Errorf("the section [%s] is there twice", name)
	}
	p.inside, p.key = true, ""
	return nil
}

func (p *iniParser) assignment(line string) error {
	if !p.inside {
		return fmt.Errorf("the line is before the section [%s]", p.section)
	}
	at := strings.IndexAny(line, "=:")
	if at < 0 {
		return errors.New("the line has no = or : after its key")
	}
	key := strings.ToLower(strings.TrimSpace(line[:at]))
	if key == "" {
		return errors.New("the line has no key")
	}
	if _, twice := p.values[key]; twice {
		return fmt.Errorf("the key %s is there twice", key)
	}
	p.key = key
	p.values[key] = iniValue{strings.TrimSpace(line[at+1:]), p.line}
	return nil
}

// interpolate replaces %% by a percent sign. References to other keys are errors.
func interpolate(value string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "%")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "("):
			return "", errors.New("references to other keys, such as %(name)s, are not supported; write the value out")
		case !strings.HasPrefix(after, "%"):
			return "", errors.New("a percent sign must be written as %%")
		}
		b.WriteByte('%')
		value = after[1:]
	}
}
