package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/store"
	"github.com/muster-nhi/muster/scanners"
)

// A known is the memory that scanners are lent. The build, by which what is
// remembered is told from that of other builds, is found out when it is first
// asked for.
type known struct{ memory func() (*store.Memory, error) }

// memory returns what scanners are lent, or nil if nothing is kept.
func (k *keeper) memory() scanners.Memory {
	if k.store == nil {
		return nil
	}
	return &known{sync.OnceValues(func() (*store.Memory, error) {
		build, err := build(debug.ReadBuildInfo())
		return k.store.Memory(build), err
	})}
}

// Load returns what was saved last under a key.
func (k *known) Load(ctx context.Context, key string) ([]byte, error) {
	m, err := k.memory()
	if err != nil {
		return nil, err
	}
	return m.Load(ctx, key)
}

// Save keeps data under a key.
func (k *known) Save(ctx context.Context, key string, data []byte) error {
	m, err := k.memory()
	if err != nil {
		return err
	}
	return m.Save(ctx, key, data)
}

// build names the program, so that two that may find different things have
// different names: by its version, or if it was built of sources that have none,
// by a hash of itself.
func build(info *debug.BuildInfo, ok bool) (string, error) {
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" && !strings.Contains(info.Main.Version, "dirty") {
		return fmt.Sprintf("%s %x", info.Main.Version, sha256.Sum256([]byte(info.String()))), nil // with its modules, tags and Go
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("tell which build this is: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("tell which build this is: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("tell which build this is: %w", err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
