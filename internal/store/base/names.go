package base

import (
	"fmt"
	"math/rand/v2"
)

// The words of random names of runs and models, such as nimble-heron-417. MLflow has
// the same adjectives, by which the tests of its clients detect a random name.
var (
	adjectives = []string{
		"able", "agreeable", "amazing", "ambitious", "awesome", "bold", "bouncy", "calm", "capable", "carefree", "casual",
		"charming", "clean", "colorful", "dapper", "dashing", "delightful", "efficient", "fearless", "fortunate",
		"funny", "gentle",
		"gifted", "handsome", "honorable", "industrious", "inquisitive", "intelligent", "intrigued", "judicious", "kindly",
		"learned", "legendary", "likeable", "luminous", "lyrical", "marvelous", "melodic", "nimble", "orderly", "peaceful",
		"persistent", "placid", "polite", "popular", "powerful", "rare", "resilient", "respected", "sedate",
		"silent", "sincere",
		"skillful", "smiling", "stately", "stylish", "thoughtful", "trusting", "unique", "upbeat", "useful", "valuable",
		"victorious", "welcoming", "wise", "youthful", "zealous",
	}
	nouns = []string{
		"alder", "badger", "beaver", "birch", "bison", "brook", "cedar", "comet", "crane", "creek", "dale", "delta",
		"dove", "eddy",
		"egret", "falcon", "fern", "finch", "fjord", "ford", "fox", "glen", "grebe", "grove", "gull", "hare",
		"harrier", "hawk", "hazel",
		"heron", "ibex", "kestrel", "lagoon", "lark", "linnet", "lynx", "maple", "marten", "meadow", "mill", "moor",
		"newt", "oak", "osprey",
		"otter", "owl", "pike", "pine", "plover", "pond", "rapid", "raven", "reed", "ridge", "river", "robin",
		"salmon", "seal", "shore",
		"sluice", "spring", "stoat", "stream", "swan", "tern", "thrush", "trout", "vole", "weir", "willow", "wren",
	}
)

// RandomName returns a name for a run or a model that has none.
func RandomName() string {
	adjective := adjectives[rand.IntN(len(adjectives))]              //nolint:gosec // A name is not a secret.
	noun := nouns[rand.IntN(len(nouns))]                             //nolint:gosec // A name is not a secret.
	return fmt.Sprintf("%s-%s-%d", adjective, noun, rand.IntN(1000)) //nolint:gosec // A name is not a secret.
}
