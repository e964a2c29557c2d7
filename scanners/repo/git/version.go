package git

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The oldest git that is used: cat-file --batch with --unordered and
// --batch-all-objects, and log with --no-renames -z, are as relied on here
// since 2.30 (2020-12).
const (
	oldestMajor = 2
	oldestMinor = 30
)

// Version returns the version of the git program that would be used. The error
// is ErrMissing if there is none, and says so if it is too old.
func Version(ctx context.Context) (string, error) {
	program, err := Find()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, "--version") //nolint:gosec // git, with arguments of our own
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask git for its version: %w", err)
	}
	version := strings.TrimPrefix(strings.TrimSpace(Clean(string(out))), "git version ")
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return "", fmt.Errorf("git gives its version as %q", version)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return "", fmt.Errorf("git gives its version as %q", version)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return "", fmt.Errorf("git %s is too old: %d.%d or newer is needed", version, oldestMajor, oldestMinor)
	}
	return version, nil
}
