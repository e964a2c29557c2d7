package cli

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGridFitsTheTerminalAndLosesNoMessage(t *testing.T) {
	g := &grid{head: []string{"ID", "Owner", "Finding"}}
	g.add("F-0123456789abcdef", "a-very-long-team-name@northwind.example", "aws.iam_user ci-deployer is a full administrator through AdministratorAccess.")
	for _, width := range []int{30, 40, 80, 200} {
		var b strings.Builder
		g.write(&b, width)
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("at %d columns a line has %d: %s", width, n, line)
			}
		}
		whole := strings.Join(strings.Fields(b.String()), " ")
		if width != 200 && !strings.Contains(whole, "is a full administrator through AdministratorAccess.") {
			t.Errorf("at %d columns the message is not whole:\n%s", width, b.String())
		}
	}
	var b strings.Builder
	g.write(&b, 0)
	if n := strings.Count(b.String(), "\n"); n != 2 {
		t.Errorf("without a width there are %d lines, want 2:\n%s", n, b.String())
	}
}

func TestFitsTakesBracketsAsTheyAre(t *testing.T) {
	if !fits("*[bot]*", "dependabot[bot] <b@northwind.example>") || fits("*[xyz]", "dependabot") {
		t.Error("a pattern has * and ? and nothing else")
	}
}
