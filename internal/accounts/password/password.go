// Package password makes and verifies hashes of passwords in the format of Werkzeug,
// which MLflow stores.
package password

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Some stored hashes use it.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// The parameters of a new hash are the defaults of Werkzeug.
const (
	cost        = 1 << 15
	blockSize   = 8
	parallelism = 1
	saltLength  = 16
	keyLength   = 64

	defaultIterations = 1_000_000
)

// The bounds on the parameters of a stored hash limit the memory and the time of one
// check. They exceed the recommended parameters.
const (
	maxMemory     = 128 << 20
	maxWork       = 16 * cost * blockSize * parallelism
	maxIterations = 10_000_000
)

// Hash returns the hash of a password with a new salt. It takes tens of milliseconds and
// 32 MiB of memory.
func Hash(password string) string {
	salt := newSalt()
	key, err := scrypt.Key([]byte(password), []byte(salt), cost, blockSize, parallelism, keyLength)
	if err != nil {
		panic(fmt.Sprintf("constant parameters of scrypt: %v", err))
	}
	return fmt.Sprintf("scrypt:%d:%d:%d$%s$%s", cost, blockSize, parallelism, salt, hex.EncodeToString(key))
}

// newSalt returns random letters and digits.
func newSalt() string {
	const chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const fair = 256 / len(chars) * len(chars) // Greater bytes would prefer the first characters.
	salt := make([]byte, 0, saltLength)
	for len(salt) < saltLength {
		var random [2 * saltLength]byte
		_, _ = rand.Read(random[:]) // It never fails.
		for _, b := range random {
			if int(b) < fair && len(salt) < saltLength {
				salt = append(salt, chars[int(b)%len(chars)])
			}
		}
	}
	return string(salt)
}

// Verify reports whether a password has a hash. It returns an error if the method of the
// hash is unknown or its parameters exceed the bounds. Text without a method and a salt is
// the hash of no password.
func Verify(stored, password string) (bool, error) {
	parts := strings.SplitN(stored, "$", 3)
	if len(parts) < 3 {
		return false, nil
	}
	key, err := derive(parts[0], parts[1], password)
	if err != nil {
		return false, fmt.Errorf("the stored hash of a password: %w", err)
	}
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(key)), []byte(parts[2])) == 1, nil
}

// derive computes the key of a password by a method such as scrypt:32768:8:1 or
// pbkdf2:sha256:1000000.
func derive(method, salt, password string) ([]byte, error) {
	switch name, args, _ := strings.Cut(method, ":"); name {
	case "scrypt":
		n, r, p, err := scryptParameters(args)
		if err != nil {
			return nil, err
		}
		return scrypt.Key([]byte(password), []byte(salt), n, r, p, keyLength)
	case "pbkdf2":
		digest, iterations, err := pbkdf2Parameters(args)
		if err != nil {
			return nil, err
		}
		return pbkdf2.Key(digest, password, []byte(salt), iterations, digest().Size())
	default:
		return nil, fmt.Errorf("its method %.40q is unknown", name)
	}
}

func scryptParameters(args string) (n, r, p int, err error) {
	if args == "" {
		return cost, blockSize, parallelism, nil
	}
	list := strings.Split(args, ":")
	if len(list) != 3 {
		return 0, 0, 0, errors.New("scrypt needs the three parameters N, r and p")
	}
	for i, to := range []*int{&n, &r, &p} {
		if *to, err = strconv.Atoi(list[i]); err != nil || *to < 1 {
			return 0, 0, 0, fmt.Errorf("the parameter %.20q of scrypt is not a positive number", list[i])
		}
	}
	// Divisions cannot overflow.
	if n > maxMemory/128/r || p > maxWork/n/r {
		return 0, 0, 0, fmt.Errorf("the parameters N=%d, r=%d, p=%d of scrypt need too much memory or time", n, r, p)
	}
	return n, r, p, nil
}

func pbkdf2Parameters(args string) (digest func() hash.Hash, iterations int, err error) {
	name, count, counted := strings.Cut(args, ":")
	switch name {
	case "", "sha256":
		digest = sha256.New
	case "sha512":
		digest = sha512.New
	case "sha1":
		digest = sha1.New
	default:
		return nil, 0, fmt.Errorf("its digest %.40q is unknown", name)
	}
	if !counted {
		return digest, defaultIterations, nil
	}
	iterations, err = strconv.Atoi(count)
	if err != nil || iterations < 1 || iterations > maxIterations {
		return nil, 0, fmt.Errorf("its number of iterations %.20q is not between 1 and %d", count, maxIterations)
	}
	return digest, iterations, nil
}
