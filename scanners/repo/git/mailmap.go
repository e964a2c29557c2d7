package git

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxMailmap is the largest .mailmap that is used, in bytes. git takes a time for
// it that grows with the square of its lines; that of the Linux kernel has 60 KB.
const maxMailmap = 256 << 10

// checkMailmap finds out whether the repository's .mailmap can be used: it is a
// file, and no larger than git reads in no time. Of a bare repository git reads
// that at HEAD.
func (r *Repo) checkMailmap(ctx context.Context) {
	if r.bare {
		out, err := r.output(ctx, nil, "cat-file", "-s", "HEAD:.mailmap")
		size, bad := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		r.mailmap = err != nil || bad == nil && size <= maxMailmap
		return
	}
	info, err := os.Stat(filepath.Join(r.dir, ".mailmap"))
	r.mailmap = err != nil || info.Mode().IsRegular() && info.Size() <= maxMailmap
}

// Mailmap reports whether names are those that the repository's .mailmap gives
// people, or there is none.
func (r *Repo) Mailmap() bool { return r.mailmap }
