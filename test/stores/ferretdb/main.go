// A server that speaks MongoDB's protocol, for the tests: FerretDB with SQLite below it.
//
// FerretDB 1 does a find-and-modify as a read and a write, between which other connections get in; MongoDB does not. So
// that the tests are of our code and not of that flaw, requests pass a gate, one at a time, and the server does not say
// which FerretDB it is. With -as-it-is there is no gate.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/FerretDB/FerretDB/ferretdb"
)

const messageBytesMax = 48_000_000

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "where to listen")
	directory := flag.String("directory", "", "where the databases lie")
	asItIs := flag.Bool("as-it-is", false, "without the gate")
	flag.Parse()

	config := ferretdb.Config{
		Handler:   "sqlite",
		SQLiteURL: "file:" + *directory + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	behind := filepath.Join(*directory, "behind.sock")
	if *asItIs {
		config.Listener.TCP = *listen
	} else {
		_ = os.Remove(behind)
		config.Listener.Unix = behind
	}
	server, err := ferretdb.New(&config)
	if err != nil {
		log.Fatal(err)
	}
	if !*asItIs {
		front, err := net.Listen("tcp", *listen)
		if err != nil {
			log.Fatal(err)
		}
		go (&gate{behind: behind}).serve(front)
	}
	if err := server.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

type gate struct {
	behind string
	turn   sync.Mutex
}

func (g *gate) serve(front net.Listener) {
	for {
		client, err := front.Accept()
		if err != nil {
			return
		}
		go g.pass(client)
	}
}

func (g *gate) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", g.behind)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		reply, err := g.ask(server, request)
		if err != nil {
			return
		}
		if _, err = client.Write(bytes.ReplaceAll(reply, []byte("ferretdbVersion"), []byte("ferretdbGatedBy"))); err != nil {
			return
		}
	}
}

// Waits for the reply even if the client is gone: until then the request may be under way.
func (g *gate) ask(server net.Conn, request []byte) ([]byte, error) {
	g.turn.Lock()
	defer g.turn.Unlock()
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return readMessage(server)
}

func readMessage(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size < 16 || size > messageBytesMax {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	message := make([]byte, size)
	copy(message, head[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}
