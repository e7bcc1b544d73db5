package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/regie-live/regie/config"
)

const healthTimeout = 3 * time.Second

type healthcheckCmd struct{ source }

func (c healthcheckCmd) Run() error {
	loaded, _, err := c.load()
	if err != nil {
		return err
	}
	url, err := healthURL(loaded.Config)
	if err != nil {
		return err
	}
	client := http.Client{
		Timeout: healthTimeout,
		// We ask our own machine by address, so no certificate can name it.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	answer, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("not healthy: %w; is it running? regie serve", err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 512))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not healthy: %s answered %s: %s", url, answer.Status, body)
	}
	fmt.Println("healthy")
	return nil
}

// healthURL is /healthz as this machine reaches it.
func healthURL(c config.Config) (string, error) {
	host, port, err := net.SplitHostPort(string(c.HTTP.Address))
	if err != nil || port == "0" {
		return "", fmt.Errorf("http.address is %q, which does not say where to ask; write a fixed port", string(c.HTTP.Address))
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return scheme(c) + net.JoinHostPort(host, port) + "/healthz", nil
}
