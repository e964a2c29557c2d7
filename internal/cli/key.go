package cli

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The installation's key turns secrets into hashes that only this installation
// can compare. It lies beside the store, readable by its owner only, or comes
// in the environment variable MUSTER_KEY, where runners share none.
const keySize = 32

// key returns the installation's key. Without a store and without MUSTER_KEY
// it is made for this run only: hashes then cannot be compared between runs.
func (a *app) key(p storePlace) (key [keySize]byte, origin string, err error) {
	if s := a.Getenv("MUSTER_KEY"); s != "" {
		key, err = parseKey(s)
		return key, "the environment variable MUSTER_KEY", err
	}
	if p.keyFile == "" {
		_, err = io.ReadFull(a.Rand, key[:])
		return key, "made for this run only", err
	}
	key, err = readKey(p.keyFile)
	if !errors.Is(err, os.ErrNotExist) {
		return key, p.keyFile, err
	}
	if err := a.makeKey(p.keyFile); err != nil {
		return key, "", fmt.Errorf("make the installation's key: %w", err)
	}
	key, err = readKey(p.keyFile)
	return key, p.keyFile, err
}

// parseKey reads 32 bytes as hexadecimal or base64. The error never quotes.
func parseKey(s string) (key [keySize]byte, err error) {
	s = strings.TrimSpace(s)
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != keySize {
		b, err = base64.StdEncoding.DecodeString(s)
	}
	if err != nil || len(b) != keySize {
		return key, errors.New("MUSTER_KEY: want 32 bytes as 64 hexadecimal digits or as base64; `openssl rand -hex 32` makes such a key")
	}
	return [keySize]byte(b), nil
}

// readKey reads a key file.
func readKey(name string) (key [keySize]byte, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return key, fmt.Errorf("read the installation's key: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != keySize {
		return key, fmt.Errorf("the installation's key %s is damaged: want 64 hexadecimal digits. "+
			"Restore it from a backup; a new one makes every secret look new", name)
	}
	return [keySize]byte(raw), nil
}

// makeKey writes a new key in one step: of two processes that come here at the
// same time one makes it and both use it.
func (a *app) makeKey(name string) error {
	var key [keySize]byte
	if _, err := io.ReadFull(a.Rand, key[:]); err != nil {
		return err
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key.*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, wrote := f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err := errors.Join(wrote, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, os.ErrExist) {
		// No hard links here: the move is atomic as well, but the last one wins.
		return os.Rename(f.Name(), name)
	}
	return nil
}
