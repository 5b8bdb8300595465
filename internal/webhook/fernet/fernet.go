// Package fernet encrypts texts in Fernet tokens, which are AES-128-CBC with HMAC-SHA256, see
// https://github.com/fernet/spec. MLflow keeps the secrets of webhooks in them.
package fernet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Key encrypts texts. The zero Key has no key.
type Key struct {
	signing, encryption []byte
}

const (
	tokenVersion = 0x80
	headerSize   = 1 + 8 // version and time
	keySize      = 32
)

var (
	// ErrNoKey is the error of the zero Key.
	ErrNoKey = errors.New("there is no key")
	// ErrWrongKey is the error of a token that was not made with the key.
	ErrWrongKey = errors.New("it was encrypted with another key")
)

// ParseKey reads a key: 32 bytes in URL-safe base64. "" is the zero Key.
func ParseKey(text string) (Key, error) {
	if text == "" {
		return Key{}, nil
	}
	raw, err := base64.URLEncoding.DecodeString(text)
	if err != nil || len(raw) != keySize {
		return Key{}, fmt.Errorf(
			"must be %d bytes in URL-safe base64, as Fernet.generate_key() of Python makes them", keySize)
	}
	return Key{raw[:keySize/2], raw[keySize/2:]}, nil
}

// Known reports whether there is a key.
func (k Key) Known() bool { return len(k.signing) > 0 }

// Seal encrypts a text.
func (k Key) Seal(text string) (token string, err error) {
	if !k.Known() {
		return "", ErrNoKey
	}
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv) // Read never returns an error.
	return k.seal(text, time.Now(), iv)
}

func (k Key) seal(text string, at time.Time, iv []byte) (string, error) {
	block, err := aes.NewCipher(k.encryption)
	if err != nil {
		return "", err
	}
	padding := aes.BlockSize - len(text)%aes.BlockSize
	padded := make([]byte, len(text)+padding)
	for i := copy(padded, text); i < len(padded); i++ {
		padded[i] = byte(padding)
	}
	token := binary.BigEndian.AppendUint64([]byte{tokenVersion}, uint64(at.Unix())) //nolint:gosec // It is after 1970.
	token = append(token, iv...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	token = append(token, padded...)
	return base64.URLEncoding.EncodeToString(append(token, k.sign(token)...)), nil
}

func (k Key) sign(data []byte) []byte {
	mac := hmac.New(sha256.New, k.signing)
	mac.Write(data)
	return mac.Sum(nil)
}

// Open decrypts a token, whatever its age.
func (k Key) Open(token string) (string, error) {
	if !k.Known() {
		return "", ErrNoKey
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	const shortest = headerSize + 2*aes.BlockSize + sha256.Size
	if err != nil || len(raw) < shortest || raw[0] != tokenVersion {
		return "", ErrWrongKey
	}
	signed := raw[:len(raw)-sha256.Size]
	if !hmac.Equal(k.sign(signed), raw[len(signed):]) {
		return "", ErrWrongKey
	}
	iv, text := signed[headerSize:headerSize+aes.BlockSize], signed[headerSize+aes.BlockSize:]
	block, err := aes.NewCipher(k.encryption)
	if err != nil || len(text)%aes.BlockSize != 0 {
		return "", ErrWrongKey
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(text, text)
	padding := int(text[len(text)-1])
	if padding == 0 || padding > aes.BlockSize {
		return "", ErrWrongKey
	}
	return string(text[:len(text)-padding]), nil
}
