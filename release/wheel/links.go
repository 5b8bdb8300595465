package wheel

import (
	"bytes"
	"regexp"
)

var link = regexp.MustCompile(`(!?)\[([^\]]*)\]\(([^)\s]+)\)`)

// AbsoluteLinks changes the links and images of a Markdown text that are relative to the root of the repository,
// because the description of a package is shown on another site.
func AbsoluteLinks(text []byte) []byte {
	return link.ReplaceAllFunc(text, func(match []byte) []byte {
		parts := link.FindSubmatch(match)
		target := parts[3]
		if bytes.HasPrefix(target, []byte("#")) || bytes.Contains(target, []byte(":")) {
			return match
		}
		kind := "/blob/main/"
		if len(parts[1]) > 0 {
			kind = "/raw/main/"
		}
		return []byte(string(parts[1]) + "[" + string(parts[2]) + "](" + home + kind + string(target) + ")")
	})
}
