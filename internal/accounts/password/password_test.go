package password_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts/password"
)

// Werkzeug 3.1 made these hashes, of one password or the other.
const (
	english = "correct horse battery"
	other   = "Grüße, 世界 🔑"
)

var fixtures = map[string]string{
	"scrypt:32768:8:1$9ltOBxbCMV35ythv$2166767b68dd7cd16a48e56fc6b083a088b5a10316331bd395d39116ed52e389" +
		"d7f07f09e019c786ffc196965239cd5ae3a99fde7ae47de2fa6c720da1571aa6": english,
	"scrypt:32768:8:1$piDGyCnGnTMhzB4e$9f6f45aed39eeae8349b65281685d46ca69a735f560e644a5997c98bc525b8d3" +
		"7fd0aa8b2d1f53ab8bd6a222fdebf14684ac69ed41b6ce08dbb56049356e529a": other,
	"scrypt:16384:8:2$4Mogi441wil9m735$9b1ca8ce1c41ff0b50aeb3ebf72112349a2ba00a6ab38a32c04e3b5341626795" +
		"77edc1128f12c6c6ded84d42129a3eba802f61bcf69849f9aa71e7e16dfebe15": english,
	"scrypt:1024:4:1$gKklR0HuZJfLHJl0$ec8ed2a4c4ba60b4d646291cafe4153879c48c8adfc58917aa628c2e84a1b50bd" +
		"f4819d925692039417950b3cb5120613cf97f02e854da40b9f2dc8cbb7fe2fa": other,
	"pbkdf2:sha256:1000$fUUe0CKzdQwzUcf6$6b79182e3c2e3dc66f15588164377a44eebd2dfd614b329d81bdadadfe8a5407": english,
	"pbkdf2:sha256:1000$nrjQKsj1bv4Rd4gX$89d7bd22942da973c1d59fe44e9e0910f0fbad7bb57c20155a80938b4a59e372": other,
	"pbkdf2:sha512:1000$vNa2BNyncMptsuoc$fb1e5fe8bbb86775f4be71d300a01836996f9bc9dbeb7aba928b462168d721ff" +
		"21ec147416f8fb054144b06ab192f3381814a7e209d66f842057a190e1f32d55": other,
	"pbkdf2:sha1:1000$4UscCcAWXKta3NTq$6e3b566ae73d9603f780d516f97ca0bfbc8ecd41":                      english,
	"pbkdf2:sha256$dwWaZLVNYXL5lk3c$699b7579a6b999c873f0c5d6e083bd93c862b013579f175affec424584c6f958": english,
	"pbkdf2$vSkVTqvIg1gfpUxy$4bd09d68108e58a9ce0f4b3b9df35977d9e4c4098356743f9b792dff91cadc3e":        other,
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for hash, right := range fixtures {
		tries := []string{english, other}
		if !strings.HasPrefix(hash, "pbkdf2$") && !strings.HasPrefix(hash, "pbkdf2:sha256$") { // These are slow.
			tries = append(tries, "", right+" ")
		}
		for _, try := range tries {
			ok, err := password.Verify(hash, try)
			if err != nil || ok != (try == right) {
				t.Errorf("%.40s: %q: %v, %v", hash, try, ok, err)
			}
		}
	}
}

// TestVerifyChanged checks that no other text than the hash itself is accepted.
func TestVerifyChanged(t *testing.T) {
	t.Parallel()
	const hash = "pbkdf2:sha1:1000$4UscCcAWXKta3NTq$6e3b566ae73d9603f780d516f97ca0bfbc8ecd41"
	for _, changed := range []string{
		"", "$", hash[:len(hash)-1], hash + "0", hash[:34], strings.ToUpper(hash[34:]),
		strings.ReplaceAll(hash, "$", ""), strings.Replace(hash, "$", "", 1),
		strings.Replace(hash, "1000", "1001", 1), strings.Replace(hash, "4Usc", "4usc", 1),
		hash[:34] + strings.ToUpper(hash[34:]),
	} {
		if ok, err := password.Verify(changed, english); ok || err != nil {
			t.Errorf("%q: %v, %v", changed, ok, err)
		}
	}
}

// TestVerifyRefuses checks that unknown methods and parameters that need too much memory or
// time are errors, and that the check of the parameters itself takes no time.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	for method, message := range map[string]string{
		"md5":                             `method "md5" is unknown`,
		"":                                `method "" is unknown`,
		"SCRYPT:32768:8:1":                "is unknown",
		"scrypt:32768:8":                  "three parameters",
		"scrypt:32768:8:1:1":              "three parameters",
		"scrypt:x:8:1":                    `"x" of scrypt`,
		"scrypt:32768:0:1":                `"0" of scrypt`,
		"scrypt:-2:8:1":                   `"-2" of scrypt`,
		"scrypt:3:8:1":                    "N must be",
		"scrypt:1:8:1":                    "N must be",
		"scrypt:1073741824:8:1":           "too much",
		"scrypt:262144:8:1":               "too much",
		"scrypt:4611686018427387904:8:1":  "too much",
		"scrypt:2:4611686018427387904:1":  "too much",
		"scrypt:2:1:4611686018427387904":  "too much",
		"scrypt:32768:8:17":               "too much",
		"scrypt:99999999999999999999:8:1": "of scrypt",
		"pbkdf2:md5:1000":                 `digest "md5" is unknown`,
		"pbkdf2:sha256:0":                 "iterations",
		"pbkdf2:sha256:-1":                "iterations",
		"pbkdf2:sha256:10000001":          "iterations",
		"pbkdf2:sha256:1:1":               "iterations",
		"pbkdf2:sha256:":                  "iterations",
		"pbkdf2:sha256:1" + strings.Repeat("0", 50): "iterations",
	} {
		start := time.Now()
		ok, err := password.Verify(method+"$salt$00", english)
		if ok || err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, %v", method, ok, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", method, took)
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	format := regexp.MustCompile(`^scrypt:32768:8:1\$[A-Za-z0-9]{16}\$[0-9a-f]{128}$`)
	seen := map[string]bool{}
	for _, p := range []string{english, english, other, ""} {
		hash := password.Hash(p)
		if !format.MatchString(hash) || seen[hash] {
			t.Errorf("the hash %q", hash)
		}
		seen[hash] = true
		for _, try := range []string{p, p + "x"} {
			if ok, err := password.Verify(hash, try); err != nil || ok != (try == p) {
				t.Errorf("%q with %q: %v, %v", hash, try, ok, err)
			}
		}
	}
}

// TestHashInPython checks that Python computes the same hash.
func TestHashInPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	const program = `import hashlib, sys
method, salt, key = sys.argv[1].split("$")
n, r, p = map(int, method.split(":")[1:])
made = hashlib.scrypt(sys.argv[2].encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=132 * n * r * p).hex()
sys.exit(made != key)`
	out, err := exec.CommandContext(t.Context(), python, "-c", program, password.Hash(other), other).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
