package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

func (r *reader) lost(name, message string) { r.problems.add(Problem{name, message, true}) }
func (r *reader) note(name, message string) { r.problems.add(Problem{name, message, false}) }

// directory reads all files below a directory in the order of their paths.
func (r *reader) directory(root *os.Root) error {
	var files []string
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case r.ctx.Err() != nil:
			return r.ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil:
			r.lost(name, "cannot be read: "+cause(err))
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
		case r.readable(root, name, entry):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	slices.Sort(files)
	r.survey(files)
	if len(files) > r.opts.MaxFiles {
		r.lost("", fmt.Sprintf("the directory holds %d files, and only the first %d were read", len(files), r.opts.MaxFiles))
		files = files[:r.opts.MaxFiles]
	}
	for _, name := range files {
		if err := r.open(root, name); err != nil {
			return err
		}
	}
	return nil
}

// readable reports whether an entry is a file to be read. A symbolic link is not
// followed: what it leads to inside the directory is read where it is.
func (r *reader) readable(root *os.Root, name string, entry fs.DirEntry) bool {
	switch mode := entry.Type(); {
	case mode.IsRegular():
		return true
	case mode&fs.ModeSymlink == 0:
		r.note(name, "is no regular file and was not opened")
	default:
		if _, err := resolve(root, name); err != nil {
			r.lost(name, "symbolic link not followed: "+cause(err))
		}
	}
	return false
}

// resolve follows the symbolic links of the last element of a name, inside the
// directory only.
func resolve(root *os.Root, name string) (string, error) {
	for range 40 {
		info, err := root.Lstat(name)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return name, nil
		}
		target, err := root.Readlink(name)
		if err != nil {
			return "", err
		}
		if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(name), target)) {
			return "", errors.New("it leads out of the directory")
		}
		name = path.Join(path.Dir(name), target)
	}
	return "", errors.New("it leads in circles")
}

// problems collects what is told, to a bound. What was lost is told first.
type problems struct {
	list []Problem
	most int
	more int
	lost bool // one of those that are not listed lost something
}

func (p *problems) add(problem Problem) {
	problem.Path = short(problem.Path, 200)
	if len(p.list) >= p.most {
		p.more++
		p.lost = p.lost || problem.Lost
		return
	}
	p.list = append(p.list, problem)
}

func (p *problems) all() []Problem {
	if p.more > 0 {
		p.list = append(p.list, Problem{"", fmt.Sprintf("%d problems more", p.more), p.lost})
		p.more = 0
	}
	return p.list
}

// short makes text of a file fit to stand in a message.
func short(text string, most int) string {
	text = inventory.Printable(text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
