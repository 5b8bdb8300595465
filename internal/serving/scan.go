package serving

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth is the most lists and objects in each other in a request.
const maxDepth = 100

var errEnd = errors.New("it ends too early")

// scanner splits JSON without copying it. It reads what Python's json module reads, which is
// JSON and the words NaN, Infinity and -Infinity.
type scanner struct {
	text []byte
	at   int
}

// space skips white space and reports whether something follows.
func (s *scanner) space() bool {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return true
		}
	}
	return false
}

func (s *scanner) unexpected() error {
	if s.at >= len(s.text) {
		return errEnd
	}
	r, _ := utf8.DecodeRune(s.text[s.at:])
	return fmt.Errorf("there is %q at byte %d", r, s.at)
}

// end returns an error if something follows.
func (s *scanner) end() error {
	if s.space() {
		return s.unexpected()
	}
	return nil
}

// value skips a value after white space, checks it, and returns its text.
func (s *scanner) value(depth int) ([]byte, error) {
	if !s.space() {
		return nil, errEnd
	}
	start := s.at
	var err error
	switch c := s.text[s.at]; {
	case depth == maxDepth:
		return nil, fmt.Errorf("there are more than %d lists and objects in each other", maxDepth)
	case c == '"':
		err = s.quoted()
	case c == '[':
		err = s.list(func() error {
			_, err := s.value(depth + 1)
			return err
		})
	case c == '{':
		err = s.object(func([]byte) error {
			_, err := s.value(depth + 1)
			return err
		})
	default:
		err = s.word()
	}
	return s.text[start:s.at], err
}

// word skips a number, true, false, null, NaN or an infinity.
func (s *scanner) word() error {
	start := s.at
	for s.at < len(s.text) && isWord[s.text[s.at]] {
		s.at++
	}
	word := s.text[start:s.at]
	switch string(word) {
	case "NaN", "Infinity", "-Infinity":
		return nil
	}
	if !json.Valid(word) {
		s.at = start
		return s.unexpected()
	}
	return nil
}

var isWord = func() (set [256]bool) {
	for _, c := range []byte("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		set[c] = true
	}
	return set
}()

// quoted skips a string.
func (s *scanner) quoted() error {
	plain := true
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			if !plain && !json.Valid(s.text[s.at:i+1]) {
				return fmt.Errorf("the string at byte %d is none of JSON", s.at)
			}
			s.at = i + 1
			return nil
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			plain = false
		}
	}
	s.at = len(s.text)
	return errEnd
}

// list calls item at each item of a list, which skips it.
func (s *scanner) list(item func() error) error {
	s.at++
	if s.space() && s.text[s.at] == ']' {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// next skips a comma, or the end of a list or object.
func (s *scanner) next(end byte) (done bool, err error) {
	if !s.space() {
		return false, errEnd
	}
	switch s.text[s.at] {
	case ',':
		s.at++
		return false, nil
	case end:
		s.at++
		return true, nil
	}
	return false, s.unexpected()
}

// object calls item before the value of each key, which skips the value. key has the quotes.
func (s *scanner) object(item func(key []byte) error) error {
	s.at++
	if s.space() && s.text[s.at] == '}' {
		s.at++
		return nil
	}
	for {
		if !s.space() || s.text[s.at] != '"' {
			return s.unexpected()
		}
		start := s.at
		if err := s.quoted(); err != nil {
			return err
		}
		key := s.text[start:s.at]
		if !s.space() || s.text[s.at] != ':' {
			return s.unexpected()
		}
		s.at++
		if err := item(key); err != nil {
			return err
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// skim skips a list or an object without looking at what it consists of, and returns its text.
// It is faster than value, for lists that are read afterwards.
func (s *scanner) skim() ([]byte, error) {
	if !s.space() {
		return nil, errEnd
	}
	if c := s.text[s.at]; c != '[' && c != '{' {
		return s.value(0)
	}
	start, depth := s.at, 0
	for s.at < len(s.text) {
		if s.at+8 <= len(s.text) && !hasStructure(binary.LittleEndian.Uint64(s.text[s.at:])) {
			s.at += 8
			continue
		}
		switch s.text[s.at] {
		case '"':
			if err := s.quoted(); err != nil {
				return nil, err
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if s.at++; depth == 0 {
			return s.text[start:s.at], nil
		}
	}
	return nil, errEnd
}

// hasStructure reports whether one of eight bytes may be a quote, a bracket or a brace.
func hasStructure(v uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quotes := v ^ '"'*ones
	// Brackets and braces, and no characters of numbers, have these bits: 0x59 | 0x26 is 0x7F.
	brackets := (v | 0x26*ones) ^ 0x7F*ones
	return ((quotes-ones)&^quotes|(brackets-ones)&^brackets)&high != 0
}

// items returns the items of a list.
func items(text []byte) ([][]byte, error) {
	s := &scanner{text: text}
	if !s.space() || text[s.at] != '[' {
		return nil, errors.New("it is no list")
	}
	var out [][]byte
	err := s.list(func() error {
		item, err := s.value(1)
		out = append(out, item)
		return err
	})
	return out, err
}

// members returns the members of an object in the order of their first appearance. The last
// value of a key counts.
func members(text []byte) (names []string, values map[string][]byte, err error) {
	s := &scanner{text: text}
	if !s.space() || text[s.at] != '{' {
		return nil, nil, errors.New("it is no object")
	}
	values = map[string][]byte{}
	err = s.object(func(key []byte) error {
		name, err := unquote(key)
		if err != nil {
			return err
		}
		if _, twice := values[name]; !twice {
			names = append(names, name)
		}
		values[name], err = s.value(1)
		return err
	})
	return names, values, err
}

// unquote returns the string of a text with quotes.
func unquote(text []byte) (string, error) {
	inner := text[1 : len(text)-1]
	for _, c := range inner {
		if c == '\\' {
			var out string
			err := json.Unmarshal(text, &out)
			return out, err
		}
	}
	return string(inner), nil
}
