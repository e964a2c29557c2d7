package plugin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// modeVariable tells the program how to behave when it is asked what it is.
const modeVariable = "MUSTER_TEST_PLUGIN"

// TestMain makes a plug-in of the test program when it is called as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "info":
			os.Exit(info())
		case "scan":
			os.Exit(scan())
		case "linger":
			time.Sleep(time.Minute)
			return
		}
	}
	os.Exit(m.Run())
}

func info() int {
	switch os.Getenv(modeVariable) {
	case "old protocol":
		fmt.Println(`{"protocol":0,"name":"saas","kinds":["identity"]}`)
	case "built-in name":
		fmt.Println(`{"protocol":1,"name":"aws","title":"x","kinds":["identity"]}`)
	case "foreign kind":
		fmt.Println(`{"protocol":1,"name":"saas","title":"x","kinds":["finding"]}`)
	case "no name":
		fmt.Println(`{"protocol":1,"name":"Sa as","title":"x","kinds":["identity"]}`)
	case "no kinds":
		fmt.Println(`{"protocol":1,"name":"saas","title":"x"}`)
	case "not json":
		fmt.Println("usage: saas [flags]")
	case "endless":
		for {
			fmt.Print(strings.Repeat("x", 4096))
		}
	case "exit":
		return 7
	default:
		fmt.Println(`{"protocol":1,"name":"saas","title":"A made-up\u001b[2J service","kinds":["identity","credential"],"permissions":["bots:list"],"later":{}}`)
	}
	return 0
}

// config is what the program reads on standard input.
type config struct {
	Mode   string `json:"mode"`
	Secret string `json:"secret"`
}

func say(line string) { fmt.Println(line) }

func bot(id string) {
	fmt.Printf(`{"identity":{"id":"saas:%s","type":"saas.bot","scope":"northwind","name":%q,"created_at":"2025-01-02T03:04:05Z","more":1}}`+"\n", id, id)
}

func covered(kind string, n int) {
	fmt.Printf(`{"coverage":{"scanner":"saas","scope":"northwind","kind":%q,"status":"complete","count":%d}}`+"\n", kind, n)
}

func scan() int {
	var c config
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	say(`{"progress":{"message":"bots"}}`)
	bot("one")
	code := misbehave(c)
	bot("two")
	say(`{"credential":{"id":"saas:key","type":"saas.key","scope":"northwind","identity":"saas:one"}}`)
	covered("identity", 2)
	covered("credential", 1)
	return code
}

// misbehave does, between the first bot and the second, what a mode asks for.
func misbehave(c config) int {
	switch c.Mode {
	case "crash":
		os.Exit(3)
	case "exit at the end":
		return 4
	case "hang":
		time.Sleep(time.Minute)
	case "endless line":
		for {
			if _, err := fmt.Print(strings.Repeat("x", 4096)); err != nil {
				os.Exit(1)
			}
		}
	case "endless wrong lines":
		for {
			if _, err := fmt.Println("{}"); err != nil {
				os.Exit(1)
			}
		}
	case "wrong prefix":
		say(`{"identity":{"id":"aws:user","type":"aws.iam_user","scope":"northwind","name":"x"}}`)
	case "foreign kind":
		say(`{"grant":{"id":"saas:g","principal":"saas:one","scope":"northwind","name":"x","level":"admin"}}`)
	case "finding":
		say(`{"relation":{"from":"saas:one","to":"aws:x","type":"uses","method":"m","exact":true,"resolved":true}}`)
	case "foreign coverage":
		say(`{"coverage":{"scanner":"aws","scope":"111122223333","kind":"identity","status":"complete","count":0}}`)
	case "invalid record":
		say(`{"identity":{"id":"saas:x","scope":"northwind"}}`)
	case "not UTF-8":
		say("{\"identity\":{\"id\":\"saas:\xff\xfe\",\"type\":\"t\",\"scope\":\"northwind\",\"name\":\"x\"}}")
	case "cut line":
		fmt.Print(`{"identity":{"id":"saas:x","ty`)
		os.Exit(0)
	case "no coverage":
		bot("two")
		os.Exit(0)
	case "wrong count":
		bot("three")
	case "says much":
		fmt.Fprintf(os.Stderr, "\x1b[31mtoken %s\x1b[0m\n", c.Secret)
		for range 1000 {
			fmt.Fprintln(os.Stderr, "again")
		}
	case "leaves a child":
		child := exec.Command(os.Args[0], "linger")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 5
		}
	case "env":
		fmt.Fprintf(os.Stderr, "environment of %d\n", len(os.Environ()))
	}
	return 0
}
