package policy

import (
	"slices"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "a:b/c", true},
		{"?", "", false},
		{"a", "A", false},
		{"*b*b", "abcb", true},
		{"*b*b", "abc", false},
		{"a*?", "a", false},
		{"arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/ci", true},
		{"arn:aws:iam::*:role/ci", "arn:aws:iam::111122223333:role/x:role/ci", false},
		{"arn:aws:iam::1*3:role/ci", "arn:aws:iam::111122223333:role/ci", true},
		{"arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/a/b:c", true},
		{"arn:aws:s3*", "arn:aws:s3:::parts/arm", true},
		{"arn:aws:*", "arn:aws:s3:::parts/arm", true},
		{"arn:aws:logs:*:*", "arn:aws:logs:eu-west-1:111122223333:log-group:x", true},
		{"arn:aws:lambda:*:function:x", "arn:aws:lambda:eu-west-1:111122223333:function:x", true},
		{"arn:*:s3:::*", "arn:aws-cn:s3:::parts", true},
		{"arn:aws:s3:::parts/*/arm", "arn:aws:s3:::parts/a/b/arm", true},
		{"arn:aws:secretsmanager:*:aws:secret:x", "arn:aws:secretsmanager:eu-west-1:aws:secret:x", true},
		{"a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
		{"\x01", "x", false},
	} {
		t.Run(c.pattern+" "+c.text, func(t *testing.T) {
			if got := newARN(c.pattern).match(c.text); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMatchAction(t *testing.T) {
	pass := NewAction("iam:PassRole")
	for pattern, want := range map[string]bool{"iam:PassRole": true, "IAM:passrole": true, "iam:*": true, "*": true, "*:*": true, "iam:Pass?ole": true, "ia?:P*": true, "iam:Pass": false, "iam": false, "": false, "ec2:*": false} {
		if got := MatchAction(pattern, pass); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
}

// TestDivide: which combinations of patterns there are is exact.
func TestDivide(t *testing.T) {
	for _, c := range []struct {
		name, set string
		cuts      []string
		want      []uint32
	}{
		{"two that meet", "a*", []string{"ab*", "*c"}, []uint32{0, 1, 2, 3}},
		{"two apart", "a*", []string{"ab*", "ac*"}, []uint32{0, 1, 2}},
		{"one within the other", "a*", []string{"ab*", "abc*"}, []uint32{0, 1, 3}},
		{"all but one", "?*", []string{"??*", "?"}, []uint32{1, 2}},
		{"the same in two ways", "*", []string{"?*", "*?"}, []uint32{0, 3}},
		{"none", "a*", []string{"b*"}, []uint32{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cuts []glob
			for _, p := range c.cuts {
				cuts = append(cuts, newGlob(p))
			}
			d := divide(newGlob(c.set), cuts, maxStates)
			if !d.ok || !slices.Equal(d.vectors, c.want) {
				t.Errorf("got %v, want %v", d.vectors, c.want)
			}
			if got, ok := guess(newGlob(c.set), cuts); ok && !slices.Equal(got, c.want) {
				t.Errorf("guessed %v, want %v", got, c.want)
			}
		})
	}
}

// TestDivideExactly compares the search, and what is guessed in place of it, with
// all texts up to a length that is more than these globs need.
func TestDivideExactly(t *testing.T) {
	globs := []string{"*", "a*", "*a", "?", "??", "a", "ab", "a?", "*b*", "", "a*b", "?b"}
	texts := []string{""}
	for n := 0; len(texts[n]) < 5; n++ {
		texts = append(texts, texts[n]+"a", texts[n]+"b", texts[n]+"x")
	}
	guessed := 0
	for _, set := range globs {
		for _, one := range globs {
			for _, two := range globs {
				cuts := []glob{newGlob(one), newGlob(two)}
				var want []uint32
				for _, text := range texts {
					if v := vectorOf(cuts, text); newGlob(set).match(text) && !slices.Contains(want, v) {
						want = append(want, v)
					}
				}
				slices.Sort(want)
				if d := divide(newGlob(set), cuts, maxStates); !d.ok || !slices.Equal(d.vectors, want) {
					t.Errorf("%q by %q and %q: %v, want %v", set, one, two, d.vectors, want)
				}
				got, ok := guess(newGlob(set), cuts)
				if ok && !slices.Equal(got, want) {
					t.Errorf("%q by %q and %q: guessed %v, want %v", set, one, two, got, want)
				}
				if ok {
					guessed++
				}
			}
		}
	}
	if guessed < 100 {
		t.Errorf("guessed %d only", guessed)
	}
}

// TestDivideGivesUp: what is too much to tell apart makes the answer unknown, and
// takes no long time.
func TestDivideGivesUp(t *testing.T) {
	var statements []string
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		statements = append(statements, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*`+string(c)+`?????????*"}`)
	}
	for _, n := range []int{10, 26} {
		l := &Layers{Identity: []*Policy{Compile("p", document(t, statements[:n]...))}}
		if d := Decide(&Request{Principal: user(), Action: NewAction(get), Resource: Matching("arn:aws:s3:::*")}, l); d.Allowed != maybe || d.Some != maybe {
			t.Errorf("%d: all %v, some %v", n, d.Allowed, d.Some)
		}
	}
}
