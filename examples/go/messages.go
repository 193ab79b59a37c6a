// Sends a message through a running client and follows it until it lies in a mailbox; one to itself, until it is
// there. Standard library only.
//
//	go run messages.go PORT TOKEN_FILE [ADDRESS]
//
// PORT and TOKEN_FILE are those of `chaffinch client`. Without ADDRESS the message goes to the client itself, so that
// all of its way can be seen. The interface: docs/spec/client-http.md 15; GET /openapi.json describes each route.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// A running client, with the token that lets us in.
type client struct{ base, token string }

// What the client says no with (RFC 9457).
type problem struct{ Code, Detail string }

type bootstrap struct {
	Progress                int
	Summary                 string
	Warning, Recommendation *string
}

type state struct{ ID, State, Reason string }

type page struct {
	Messages []struct {
		Base64 string
		Text   *string
	}
	Next int64
}

// open asks, and leaves the body of the answer to be read and closed.
func (c client) open(method, path string, body any) (*http.Response, error) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, c.base+path, &sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: is the client running, and is this its port?", err)
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	var why problem
	if err := json.NewDecoder(response.Body).Decode(&why); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s: %s", why.Code, why.Detail)
}

func (c client) ask(method, path string, body, answer any) error {
	response, err := c.open(method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(answer)
}

// events hands on server-sent events until done. The first says where the client stands.
func (c client) events(each func(name string, data []byte) (done bool, err error)) error {
	response, err := c.open("GET", "/events", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var name, data string
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			name = value
		case field == "data":
			data += value
		case lines.Text() == "" && data != "": // an empty line ends an event; other lines are signs of life
			if done, err := each(name, []byte(data)); done || err != nil {
				return err
			}
			name, data = "", ""
		}
	}
	return errors.New("the client ended")
}

// follow sends when the client is ready, and returns when the message is stored and, if it is to itself, here.
func follow(c client, address string) error {
	var sent string
	seen := int64(-1)
	stored, came := false, address != ""
	send := func() error {
		if address == "" {
			var status struct{ Address string }
			if err := c.ask("GET", "/status", nil, &status); err != nil {
				return err
			}
			address = status.Address
		}
		var handed state
		err := c.ask("POST", "/messages", map[string]any{"to": address, "text": "hello from Go"}, &handed)
		sent = handed.ID
		return err
	}
	list := func() error {
		var came page
		if err := c.ask("GET", fmt.Sprintf("/messages?after=%d", seen), nil, &came); err != nil {
			return err
		}
		for _, message := range came.Messages {
			if message.Text != nil {
				fmt.Println("received:", *message.Text)
			} else {
				fmt.Println("received:", message.Base64)
			}
		}
		seen = came.Next
		return nil
	}
	return c.events(func(name string, data []byte) (bool, error) {
		switch name {
		case "bootstrap":
			var at bootstrap
			if err := json.Unmarshal(data, &at); err != nil {
				return true, err
			}
			fmt.Printf("%d %%: %s\n", at.Progress, at.Summary)
			if at.Warning != nil && at.Recommendation != nil {
				fmt.Printf("%s: %s\n", *at.Warning, *at.Recommendation)
			}
			if at.Progress == 100 && sent == "" {
				return false, send()
			}
		case "message":
			came = true
			return stored, list()
		case "state":
			var now state
			if err := json.Unmarshal(data, &now); err != nil || now.ID != sent {
				return false, err
			}
			fmt.Println(now.State)
			if now.State == "failed" {
				return true, fmt.Errorf("the message failed: %s", now.Reason)
			}
			stored = stored || now.State == "stored"
			return stored && came, nil
		}
		return false, nil
	})
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: messages PORT TOKEN_FILE [ADDRESS]")
		os.Exit(2)
	}
	token, err := os.ReadFile(os.Args[2])
	if err == nil {
		address := strings.Join(os.Args[3:], "")
		err = follow(client{"http://127.0.0.1:" + os.Args[1], strings.TrimSpace(string(token))}, address)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "messages:", err)
		os.Exit(1)
	}
}
