package store

import (
	"fmt"
	"math/rand/v2"
)

// The words of made-up run and model names, such as brisk-heron-417.
var (
	adjectives = []string{
		"able", "amber", "ample", "apt", "avid", "bold", "brave", "brisk", "calm", "candid", "civil", "clear", "clever", "cosy",
		"crisp", "curious", "daring", "deft", "eager", "early", "exact", "fair", "fleet", "fond", "frank", "fresh", "gentle", "glad",
		"golden", "grand", "hardy", "honest", "humble", "keen", "kind", "lively", "lucid", "lucky", "mellow", "merry", "mild", "neat",
		"nimble", "noble", "patient", "placid", "polite", "proud", "quick", "quiet", "ready", "robust", "serene", "sharp", "silent",
		"silver", "smart", "sober", "steady", "still", "sturdy", "sunny", "swift", "tidy", "trusty", "upbeat", "vivid", "warm", "wise", "witty",
	}
	nouns = []string{
		"alder", "badger", "beaver", "birch", "bison", "brook", "cedar", "comet", "crane", "creek", "dale", "delta", "dove", "eddy",
		"egret", "falcon", "fern", "finch", "fjord", "ford", "fox", "glen", "grebe", "grove", "gull", "hare", "harrier", "hawk", "hazel",
		"heron", "ibex", "kestrel", "lagoon", "lark", "linnet", "lynx", "maple", "marten", "meadow", "mill", "moor", "newt", "oak", "osprey",
		"otter", "owl", "pike", "pine", "plover", "pond", "rapid", "raven", "reed", "ridge", "river", "robin", "salmon", "seal", "shore",
		"sluice", "spring", "stoat", "stream", "swan", "tern", "thrush", "trout", "vole", "weir", "willow", "wren",
	}
)

// randomName makes a name for a run or model that was given none.
func randomName() string {
	return fmt.Sprintf("%s-%s-%d", adjectives[rand.IntN(len(adjectives))], nouns[rand.IntN(len(nouns))], rand.IntN(1000)) //nolint:gosec // A name is no secret.
}
