package manifest

import (
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
)

// problems collects what is told, to a bound.
type problems struct {
	list     []Problem
	most     int
	more     int
	anyLost  int
	firstOne Problem // the first with a loss
}

func (p *problems) add(problem Problem) {
	problem.Path = inventory.Printable(problem.Path)
	if problem.Lost {
		if p.anyLost == 0 {
			p.firstOne = problem
		}
		p.anyLost++
	}
	if len(p.list) >= p.most {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

// lost tells of something that was not read.
func (p *problems) lost(path string, line int, message string) {
	p.add(Problem{Path: path, Line: line, Message: message, Lost: true})
}

// note tells of something that was read and is odd.
func (p *problems) note(path string, line int, message string) {
	p.add(Problem{Path: path, Line: line, Message: message})
}

func (p *problems) all() []Problem {
	if p.more > 0 {
		p.list = append(p.list, Problem{Path: p.list[len(p.list)-1].Path, Message: fmt.Sprintf("%d problems more, here and in later files", p.more), Lost: p.anyLost > 0})
		p.more = 0
	}
	return p.list
}

// cause is what is wrong with a file, without its path.
func cause(err error) string {
	text := saved.Cause(err)
	if strings.Contains(text, "path escapes") {
		return "it leads out of the directory"
	}
	return text
}

// short makes text of a manifest fit to stand in a message.
func short(text string) string { return saved.Short(text, 80) }
