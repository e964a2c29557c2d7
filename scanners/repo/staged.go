package repo

import (
	"path/filepath"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// indexVariable is where git tells a hook which index the commit is made from:
// git commit -a and git commit PATH make one of their own.
const indexVariable = "GIT_INDEX_FILE"

// useIndex takes the index that git names for a hook, so that what is staged is
// what the commit adds.
func (j *job) useIndex() {
	file := j.getenv(indexVariable)
	if file == "" {
		return
	}
	repo, err := j.repo.WithIndex(file)
	switch {
	case err == nil:
		j.repo = repo
	case j.isHooked():
		j.missf("%s names an index that was not read: %s", indexVariable, err)
	}
}

// isHooked reports whether what git says in the environment is of this
// repository: a hook of one may scan another.
func (j *job) isHooked() bool {
	if dir := j.getenv("GIT_DIR"); dir != "" {
		return j.repo.Owns(dir)
	}
	top, ok := enclosing(".")
	own, err := realPath(j.repo.Dir())
	return ok && err == nil && own == top
}

func (j *job) getenv(name string) string {
	if j.scan.env.Getenv == nil {
		return ""
	}
	return j.scan.env.Getenv(name)
}

// enclosing returns the real path of the repository in which a directory lies, or
// that it is, as git would look for it: the nearest above.
func enclosing(dir string) (top string, ok bool) {
	at, err := realPath(dir)
	for ; err == nil; at = filepath.Dir(at) {
		if is, _ := git.Is(at); is {
			return at, true
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return "", false
}
